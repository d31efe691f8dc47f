"""Command lines of clouds, clusters, hosts of code and deployment: looking is told from changing by their verbs."""

from __future__ import annotations

from assay.shell.mentions import is_built, paths_in_word
from assay.shell.options import Options, parse
from assay.shell.programs.database import statement_kind
from assay.shell.protocol import Handler, Shell
from assay.shell.value import UNKNOWN, Command, Value, Word

_LOOKING = frozenset(
    ["get", "list", "ls", "describe", "show", "view", "status", "diff", "plan", "validate", "fmt", "version", "help", "logs", "log", "tail", "top", "explain", "search", "template", "lint", "config-view", "whoami", "synth", "synthesize", "events", "watch", "wait", "inspect", "info", "can-i", "api-resources", "api-versions", "cluster-info", "check", "doctor", "browse", "open", "history", "lookup", "graph", "output", "outputs", "providers", "test", "tests", "metadata", "context", "contexts", "current-context", "get-contexts", "get-clusters", "use-context", "print", "query", "read", "topic", "topics", "docs", "tree", "completion", "completions", "preview", "dry-run", "scan", "audit", "download", "verify", "export", "render", "estimate", "head", "select", "cat", "features", "display", "list-tags", "list-runs", "watch-logs", "metrics", "healthcheck", "ping", "console", "bootstrap-template", "acknowledge", "runs", "view-log", "checks", "analyze", "du", "stat", "count", "usage", "quota", "summary", "report", "proxy-status", "me", "get-value", "options", "installed", "about", "services", "ip", "digest", "url", "addresses", "contributors", "trace"]
)  # fmt: skip
_LOOKING_PREFIXES = (
    "get-",
    "list-",
    "describe-",
    "show-",
    "search-",
    "view-",
    "lookup-",
    "check-",
    "validate-",
    "test-",
    "head-",
    "batch-get-",
    "filter-",
    "estimate-",
    "preview-",
    "select-",
    "simulate-",
    "detect-",
)
# Alone they list what they name.
_NOUNS = frozenset({"apps", "ps", "addons", "releases", "regions", "domains", "env", "config", "teams", "projects", "account", "certs", "buildpacks", "features", "pg", "keys", "members", "images", "dns", "builds", "deployments", "alias"})  # fmt: skip
# Words that only look elsewhere, and change something in these tools.
_CHANGING_HERE = {
    "cdk": ("watch", "import", "gc"),
    "helm": ("test",),
    "sam": ("sync",),
    "skaffold": ("dev", "run"),
}
_LOOKING_AFTER = frozenset(
    {"list", "info", "get", "show", "describe", "logs", "log", "status", "view", "diff"}
)
_CHANGING = frozenset(
    ["create", "delete", "remove", "rm", "destroy", "apply", "deploy", "update", "set", "put", "add", "edit", "patch", "replace", "scale", "restart", "stop", "start", "reboot", "drain", "cordon", "uncordon", "taint", "label", "annotate", "expose", "run", "exec", "attach", "cp", "mv", "sync", "push", "publish", "promote", "rollback", "import", "taint", "untaint", "install", "uninstall", "upgrade", "new", "init-app", "enable", "disable", "merge", "close", "reopen", "comment", "approve", "review", "fork", "rename", "transfer", "archive", "unarchive", "lock", "unlock", "pin", "cancel", "rerun", "release", "up", "down", "bootstrap", "migrate", "scale-down", "kill", "unset", "grant", "revoke", "bind", "unbind", "ssh", "tunnel", "proxy", "port-forward", "upload", "submit", "invoke", "call", "send", "trigger", "resume", "pause", "suspend", "restore", "reset", "purge", "flush", "clone", "sync-fork", "develop", "autoscale", "rotate", "share", "ready", "link", "unlink", "delete-asset", "copy", "mb", "rb", "presign", "website", "rsync", "setmeta", "acl", "iam", "chmod", "configure", "connect", "apply-set", "invite", "refresh", "watch-deploy", "drop", "force-unlock"]
)  # fmt: skip
_CHANGING_PREFIXES = (
    "create-", "delete-", "remove-", "update-", "put-", "set-", "add-", "modify-", "terminate-", "start-", "stop-", "reboot-", "run-", "attach-", "detach-",
    "associate-", "disassociate-", "authorize-", "revoke-", "register-", "deregister-", "send-", "invoke", "publish", "cancel-", "enable-", "disable-",
    "restore-", "reset-", "import-", "export-", "tag-", "untag-", "promote-", "purge-", "batch-write", "batch-delete", "admin-", "change-", "copy-", "execute-",
)  # fmt: skip
_GLOBAL_VALUED = (
    "-n --namespace --context --cluster --kubeconfig -f --filename --file -o --output --project --region --zone --profile -R --repo -l --selector"
    " --account --format --filter --query --subscription -g --resource-group --name --endpoint-url -c --container --host -a --app --stage -s"
    " --service --as -p --token -e --environment --values --set --version --chdir --config -w --web --user --cwd --stack --limit --state"
    " --command --json --jq -q --template -t --title -b --body -B --base -H --head -m --message --label --assignee --reviewer --tail --since --author --type"
)
_SECRETS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("aws", ("secretsmanager get-secret-value", "secretsmanager batch-get-secret-value", "ssm get-parameter", "ssm get-parameters", "configure export-credentials", "configure get", "sts get-session-token", "sts get-federation-token", "sts assume-role", "rds generate-db-auth-token", "ecr get-authorization-token", "eks get-token", "codeartifact get-authorization-token", "redshift get-cluster-credentials", "lambda get-function-configuration", "kms decrypt", "iam create-access-key")),
    ("gcloud", ("secrets versions access", "auth print-", "config config-helper", "sql generate-login-token", "auth application-default print-access-token", "iam service-accounts keys create")),
    ("az", ("keyvault secret show", "keyvault secret download", "keyvault key download", "webapp config appsettings list", "webapp config connection-string list", "functionapp config appsettings list", "cosmosdb keys list", "functionapp keys list", "redis list-keys", "servicebus namespace authorization-rule keys list", "storage account show-connection-string", "sql db show-connection-string", "acr login --expose-token", "account get-access-token", "storage account keys", "ad sp create-for-rbac", "acr credential show")),
    ("kubectl", ("get secret", "describe secret", "get secrets", "config view --raw", "create token")),
    ("oc", ("get secret", "whoami -t")),
    ("gh", ("auth token", "auth status --show-token", "auth status -t", "auth status --show-secret")),
    ("glab", ("auth token", "auth status --show-token", "auth status -t")),
    ("vault", ("kv get", "read", "token lookup", "token create", "print token")),
    ("heroku", ("auth:token", "config:get", "pg:credentials", "redis:credentials", "config -", "config --")),
    ("railway", ("variables",)),
    ("netlify", ("env:list", "env:get")),
    ("infisical", ("export", "secrets", "run")),
    ("argocd", ("account generate-token",)),
    ("bw", ("get", "list", "export")),
    ("vercel", ("env pull",)),
    ("doppler", ("secrets",)),
    ("op", ("read", "item get")),
    ("flyctl", ("auth token",)),
    ("fly", ("auth token",)),
    ("sops", ("-d", "--decrypt", "decrypt")),
    ("consul", ("kv get",)),
    ("npm", ("token",)),
    ("aws-vault", ("export",)),
    ("chamber", ("read", "export")),
)  # fmt: skip
# Their verb comes behind the nouns, and some nouns (`run`, `deploy`) are verbs elsewhere.
_NOUN_FIRST = frozenset({"aws", "gh", "glab", "stripe", "argocd", "doctl"})
_VERB_LAST = frozenset({"gcloud", "az", "doctl", "oci", "ibmcloud", "linode-cli", "hcloud", "scw"})
_LOCAL = {
    "terraform": "init fmt validate get workspace-select console force-unlock-help",
    "tofu": "init fmt validate get",
    "helm": "dependency-list create package pull env verify plugin-list repo-list template",
    "gh": "repo-clone pr-checkout pr-create auth-status extension-list alias-list pr-diff pr-checks run-watch run-download run-view gist-view release-download cache-list",
    "glab": "repo-clone mr-checkout mr-create",
    "aws": "configure-list s3-ls",
    "gcloud": "info auth-list",
    "az": "",
    "kubectl": "kustomize plugin completion",
    "cdk": "init acknowledge notices context docs doctor list ls metadata",
    "serverless": "print package info",
    "sam": "build validate init local logs list",
    "sls": "print package info",
    "stripe": "listen logs login open status",
    "consul": "members monitor info",
    "pulumi": "new-template login stack-ls",
    "argocd": "login context",
    "kustomize": "build edit create",
    "vercel": "dev build link whoami",
    "netlify": "dev build status",
    "wrangler": "dev types whoami",
    "firebase": "emulators:start emulators:exec serve login",
    "supabase": "start stop status init gen",
    "fly": "status",
    "flyctl": "status",
    "heroku": "local logs",
    "vagrant": "status global-status validate ssh-config port version box-list",
    "eas": "config whoami",
    "tailscale": "status ip netcheck version",
    "sentry-cli": "info",
    "dvc": "status diff pull fetch repro add commit",
    "databricks": "clusters-list",
}
_DEPLOYERS = frozenset(
    ["cdk", "serverless", "sls", "sam", "vercel", "netlify", "fly", "flyctl", "heroku", "firebase", "wrangler", "pulumi", "eb", "copilot-cli", "amplify", "railway", "render", "surge", "now", "kamal", "cap", "skaffold", "nomad", "apex", "chalice", "zappa", "gcloud-deploy"]
)  # fmt: skip
_PRODUCTION = ("prod", "production", "live", "prd")


def _cloud(command: Command, shell: Shell) -> Value:
    name = command.name.text.rpartition("/")[2]
    options = parse(command.args, _GLOBAL_VALUED)
    if _tunnels(name, [word.text for word in command.args]):
        shell.emit("net.listen", name, "tunnel", detail=command.line)
        return Value(UNKNOWN)
    words = [word.text for word in options.operands]
    flags = ("production",) if any(_is_production(word.text) for word in command.args) else ()
    _named_files(command, shell)
    if _reads_secret(name, words, command):
        shell.emit("secret.read", name, *flags, detail=command.line)
    elif options.has("--dry-run", "--dryrun", "--noop") and options.first("--dry-run") not in (
        "none",
        "false",
    ):
        shell.emit("cloud.read", name, detail=command.line)
    elif name in ("gh", "glab") and words[:1] == ["api"]:
        _api(name, options, command, shell)
    elif name in ("kubectl", "oc") and words[:1] == ["exec"]:
        shell.emit("cloud.change", name, *flags, detail=command.line)
        _inner(command, shell, name)
    elif name == "bq" and words[:1] == ["query"]:
        kind, marks = statement_kind(" ".join(words[1:]))
        shell.emit(
            "database.read" if kind == "read" else "database.change",
            name,
            *flags,
            *marks,
            detail=command.line,
        )
    elif name == "kubectl" and words[:1] == ["run"] and _breaks_out(command.line):
        shell.emit("container.run", name, "privileged", detail=command.line)
    elif _changes(name, words):
        verb = "deploy.run" if name in _DEPLOYERS else "cloud.change"
        shell.emit(verb, name, *flags, detail=command.line)
        _sent(name, words, shell)
        if name == "az" and {"upload", "upload-batch"} & set(words):
            for word in options.all("-f", "--file", "-s", "--source"):
                shell.emit("data.send", "az", "bucket", detail=f"file:{shell.path(word.text)}")
    else:
        shell.emit("cloud.read", name, *flags, detail=command.line)
    return Value(
        UNKNOWN,
        frozenset({"network"})
        if name in ("gh", "aws", "gsutil") and ("api" in words or "cp" in words)
        else frozenset(),
    )


def _tunnels(name: str, texts: list[str]) -> bool:
    """Whether this machine is made reachable from outside."""
    if name == "cloudflared":
        return "access" not in texts[:1] and (
            any(text.startswith("--url") for text in texts) or "run" in texts[:2]
        )
    return name == "tailscale" and texts[:1] == ["funnel"]


def _breaks_out(line: str) -> bool:
    compact = line.replace(" ", "").lower()
    return any(
        mark in compact
        for mark in (
            '"privileged":true',
            '"hostpid":true',
            '"hostnetwork":true',
            "--privileged",
            '"hostpath":',
            '"hostipc":true',
        )
    )


def _named_files(command: Command, shell: Shell) -> None:
    for word in command.args:
        for path in paths_in_word(word):
            if not path.startswith("/") or "//" not in path:
                shell.read(Word(path, glob=word.glob), "mention")


def _is_production(text: str) -> bool:
    pieces = (
        text.lower()
        .replace("/", "-")
        .replace("_", "-")
        .replace("=", "-")
        .replace(":", "-")
        .replace(".", "-")
        .split("-")
    )
    return any(piece in _PRODUCTION for piece in pieces)


def _reads_secret(name: str, words: list[str], command: Command) -> bool:
    line = " ".join(words)
    if name == "heroku" and line == "config":
        return True
    raw = " ".join(word.text for word in command.args)
    if name in ("kubectl", "oc") and words[:1] in (["get"], ["describe"]) and len(words) > 1:
        # `get cm,secret` and `get secret/name` are the same thing.
        kinds = words[1].partition("/")[0].split(",")
        line = f"{words[0]} secret" if {"secret", "secrets"} & set(kinds) else line
    for tool, forms in _SECRETS:
        if tool == name and any(line.startswith(form) or raw.startswith(form) for form in forms):
            return name not in ("kubectl", "oc") or any(
                mark in raw
                for mark in ("-o", "--output", "--template", "jsonpath", "describe", "--raw", "token", "-t")
            )
    return False


def _api(name: str, options: Options, command: Command, shell: Shell) -> None:
    method = options.first("-X", "--method").upper()
    texts = [word.text for word in command.args]
    if "-X" in texts and texts.index("-X") + 1 < len(texts):
        method = texts[texts.index("-X") + 1].upper()
    fields = any(
        text in ("-f", "-F", "--field", "--raw-field", "--input") or text.startswith(("-f", "-F", "--input"))
        for text in texts
    )
    asked = " ".join(texts)
    if "graphql" in texts[:2] and "mutation" not in asked and "query=" in asked:
        shell.emit("cloud.read", name, detail=command.line)
    elif method not in ("", "GET", "HEAD") or (fields and method != "GET"):
        shell.emit("cloud.change", name, detail=command.line)
    else:
        shell.emit("cloud.read", name, detail=command.line)


def _verbs(name: str, words: list[str]) -> list[str]:
    """The words among which a tool's verb stands: behind the service or noun for some."""
    if words and words[0] in ("search", "browse", "status", "help", "version", "completion"):
        return words[:1]
    return words[1:3] if name in _NOUN_FIRST and len(words) > 1 else words[:5]


def _changes(name: str, words: list[str]) -> bool:
    """Whether the first verb met changes something. Local uses of a tool are listed; an unknown verb is a change for most tools."""
    local = _LOCAL.get(name, "").split()
    if words and (words[0] in local or "-".join(words[:2]) in local):
        return False
    if name == "gh" and words[:1] == ["auth"]:
        return words[1:2] in (["login"], ["logout"], ["refresh"], ["setup-git"])
    if len(words) == 1 and words[0] in _NOUNS:
        return False
    if words and words[0] in _CHANGING_HERE.get(name, ()):
        return True
    verdict: bool | None = None
    for word in _verbs(name, words):
        changing = (
            word in _CHANGING
            or word.startswith(_CHANGING_PREFIXES)
            or any(
                word.endswith(f":{verb}")
                for verb in ("set", "add", "destroy", "create", "promote", "unset", "remove")
            )
        )
        looking = (
            word in _LOOKING
            or word.startswith(_LOOKING_PREFIXES)
            or word.rpartition(":")[2] in _LOOKING_AFTER
        )
        if not looking and not changing:
            continue
        verdict = changing and not looking
        if name not in _VERB_LAST:
            return verdict
    if verdict is not None:
        return verdict
    if name in _DEPLOYERS and not words:
        return True
    return bool(words)


def _sent(name: str, words: list[str], shell: Shell) -> None:
    """Storage copies: a local path to a bucket is sent there."""
    copies = {"cp", "mv", "sync", "rsync", "upload", "put", "upload-batch", "copy", "mirror"}
    if name in ("gh", "glab") and words[:2] in (["gist", "create"], ["gist", "edit"], ["snippet", "create"]):
        for word in words[2:] or [UNKNOWN]:
            shell.emit("data.send", name, "gist", detail=f"file:{shell.path(word)}")
        return
    if not copies & set(words) or name not in (
        "aws",
        "gsutil",
        "gcloud",
        "az",
        "s3cmd",
        "mc",
        "azcopy",
        "b2",
    ):
        return
    places = [word for word in words if "://" in word]
    if name == "mc" and not places and len(words) > 2:
        places = words[-1:]
    for word in words:
        if (
            "://" not in word
            and word not in copies
            and ("/" in word or "." in word)
            and places
            and words.index(word) < words.index(places[-1])
        ):
            built = ("built",) if is_built(word) else ()
            shell.emit("data.send", places[-1], "bucket", *built, detail=f"file:{shell.path(word)}")


def _inner(command: Command, shell: Shell, name: str) -> None:
    texts = [word.text for word in command.args]
    if "--" in texts:
        shell.run(list(command.args[texts.index("--") + 1 :]), None, remote=name)


HANDLERS: dict[str, Handler] = dict.fromkeys(
    ["aws", "gcloud", "gsutil", "bq", "az", "azcopy", "kubectl", "oc", "helm", "helmfile", "terraform", "tofu", "terragrunt", "pulumi", "cdk", "cdktf", "gh", "glab", "heroku", "vercel", "netlify", "fly", "flyctl", "doctl", "railway", "firebase", "serverless", "sls", "sam", "eksctl", "kops", "kubeadm", "argocd", "flux", "kustomize", "wrangler", "supabase", "eb", "amplify", "skaffold", "nomad", "consul", "vault", "op", "s3cmd", "mc", "b2", "linode-cli", "hcloud", "scw", "oci", "ibmcloud", "cf", "doppler", "chamber", "sops", "planetscale", "pscale", "neonctl", "turso", "stripe", "twilio", "circleci", "travis", "buildkite-agent", "jenkins-cli", "fastlane", "kamal", "packer", "crane", "skopeo", "cosign", "istioctl", "linkerd", "velero", "rancher", "tkn", "k9s", "minikube", "kind", "k3d", "aliyun", "tccli", "yc", "kn", "render", "surge", "now", "infisical", "vagrant", "etcdctl", "crictl", "dokku", "eas", "expo", "cloudflared", "tailscale", "multipass", "ctr", "podman-remote", "tsh", "boundary", "waypoint", "confluent", "kaggle", "huggingface-cli", "wandb", "dvc", "modal", "replicate", "databricks", "snow", "dbt-cloud", "sentry-cli", "launchdarkly", "okta", "auth0", "zeet"],
    _cloud,
)  # fmt: skip
