"""Where dashboards are found."""

import json

import pytest

from labkit.errors import ManifestError, QueryError
from labkit.lab.grafana import finding


@pytest.fixture
def folder(tmp_path):
    for name, uid in (
        ("LLM Lab - System Overview", "system-overview"),
        ("LLM Lab - API Performance", "api-performance"),
    ):
        (tmp_path / f"{uid}.json").write_text(json.dumps({"title": name, "uid": uid, "panels": []}))
    return tmp_path


@pytest.mark.parametrize(
    "name", ["LLM Lab - System Overview", "llm lab system overview", "system-overview", "System Overview", "overview"]
)
def test_by_title_uid_or_a_part(folder, name):
    assert finding.find(name, [folder]).uid == "system-overview"


def test_what_is_none_or_two(folder):
    with pytest.raises(QueryError, match="no dashboard is called 'LLM Lab - API Performence'") as caught:
        finding.find("LLM Lab - API Performence", [folder])
    assert "did you mean 'LLM Lab - API Performance'?" in caught.value.remedy
    with pytest.raises(QueryError, match="more than one"):
        finding.find("LLM Lab", [folder])
    with pytest.raises(QueryError, match="no dashboard is called ''"):
        finding.find("", [folder])


def test_the_first_folder_that_has_any(folder, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert [one.uid for one in finding.read_all([empty, folder])] == ["api-performance", "system-overview"]


def test_a_file_of_ones_own(folder):
    assert finding.find(str(folder / "system-overview.json"), []).uid == "system-overview"
    with pytest.raises(ManifestError, match="cannot be read"):
        finding.find("mine.json", [folder])
