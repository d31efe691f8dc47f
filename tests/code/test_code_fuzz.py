"""No damaged program makes a front end or the analysis fail: hypothesis chooses the seeds, `python -m bench.code_fuzz` runs longer."""

from __future__ import annotations

import random

from code_mutations import corpus, mutate, run
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_damaged_programs_are_analysed_or_accounted_for(seed: int) -> None:
    chance = random.Random(seed)
    path, text = chance.choice(corpus())
    run(path, mutate(text, chance))


def test_a_project_of_damaged_files_is_analysed_as_one() -> None:
    from code_mutations import rules

    from assay.code.project import analyse

    chance = random.Random(7)
    files = [(f"{n}/{path}", mutate(text, chance)) for n, (path, text) in enumerate(corpus()[::7])]
    assert len(analyse(files, rules())) == len(files)
