from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest
from report_sample import EMPTY, RESULT, many

from assay.model.errors import UsageError
from assay.model.scan import ScanResult
from assay.report import json_report


@pytest.mark.parametrize("result", [RESULT, EMPTY, many(30)])
def test_a_result_is_read_back_without_loss(result: ScanResult) -> None:
    data = json_report.render(result)
    assert json_report.read(data) == result
    assert json_report.render(json_report.read(data)) == data


def test_the_document_fits_its_schema_and_counts_for_scripts() -> None:
    document = json.loads(json_report.render(RESULT))
    jsonschema.Draft202012Validator(json_report.json_schema()).validate(document)
    assert document["schema"] == "assay.result/1"
    assert document["exit_code"] == 1
    assert document["summary"]["active"] == 4
    assert document["summary"]["suppressed"] == 1
    assert document["summary"]["absent"] == 1
    assert document["summary"]["new"] == 3
    assert document["summary"]["by_severity"] == {
        "critical": 1,
        "high": 2,
        "medium": 0,
        "low": 0,
        "unknown": 1,
    }
    assert (document["summary"]["files_scanned"], document["summary"]["files"]) == (3, 7)


def test_the_published_schema_is_the_one_of_the_code() -> None:
    published = Path(__file__).parents[2] / "docs" / "result.schema.json"
    schema = json.dumps(json_report.json_schema(), indent=1, sort_keys=True) + "\n"
    if os.environ.get("ASSAY_WRITE_SCHEMAS"):
        published.write_text(schema)
    assert published.read_text() == schema, (
        "a type of the model changed: run this test with ASSAY_WRITE_SCHEMAS=1"
    )


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"\xff", b'{"schema":"assay.result/2"}', b'{"schema":"assay.result/1"}', b"[" * 5000],
)
def test_what_is_no_result_is_a_clear_error(data: bytes) -> None:
    with pytest.raises(UsageError) as error:
        json_report.read(data)
    assert "assay.result/1" in str(error.value)
