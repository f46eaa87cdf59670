import pytest

from sestui.store.campaigns.campaigns import Campaigns


@pytest.fixture
def campaigns(database):
    return Campaigns(database)


@pytest.fixture
def write(tmp_path):
    """Write a campaign file: the fields given replace or remove (None) the usual ones."""

    def written(
        body="Hi {{ name or 'you' }} [off]({{ unsubscribe_url }})", file="news.md", **fields
    ):
        usual = {"name": "news", "subject": "News", "from": "a@example.com", "lists": "[all]"}
        lines = [f"{name}: {value}" for name, value in (usual | fields).items() if value]
        path = tmp_path / file
        path.write_text("\n".join(["---", *lines, "---", body, ""]), encoding="utf-8")
        return path

    return written
