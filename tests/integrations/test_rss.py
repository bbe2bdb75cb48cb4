"""Feeds, as their specifications show them and as servers give them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService, check_contract
from integrations import rss
from tests.integrations.examples import examples

# RFC 4287, section 1.1, "Examples": the extensive single-entry one, shortened by nothing but its second link.
ATOM = """<?xml version="1.0" encoding="utf-8"?>
   <feed xmlns="http://www.w3.org/2005/Atom">
     <title type="text">dive into mark</title>
     <subtitle type="html">
       A &lt;em&gt;lot&lt;/em&gt; of effort
       went into making this effortless
     </subtitle>
     <updated>2005-07-31T12:29:29Z</updated>
     <id>tag:example.org,2003:3</id>
     <link rel="alternate" type="text/html"
      hreflang="en" href="http://example.org/"/>
     <rights>Copyright (c) 2003, Mark Pilgrim</rights>
     <generator uri="http://www.example.com/" version="1.0">
       Example Toolkit
     </generator>
     <entry>
       <title>Atom draft-07 snapshot</title>
       <link rel="alternate" type="text/html"
        href="http://example.org/2005/04/02/atom"/>
       <link rel="enclosure" type="audio/mpeg" length="1337"
        href="http://example.org/audio/ph34r_my_podcast.mp3"/>
       <id>tag:example.org,2003:3.2397</id>
       <updated>2005-07-31T12:29:29Z</updated>
       <published>2003-12-13T08:29:29-04:00</published>
       <author>
         <name>Mark Pilgrim</name>
         <uri>http://example.org/</uri>
         <email>f8dy@example.com</email>
       </author>
       <content type="xhtml" xml:lang="en"
        xml:base="http://diveintomark.org/">
         <div xmlns="http://www.w3.org/1999/xhtml">
           <p><i>[Update: The Atom draft is finished.]</i></p>
         </div>
       </content>
     </entry>
   </feed>
"""
RSS = """<?xml version="1.0" encoding="iso-8859-1"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>
  <title>Caf\u00e9 News</title>
  <link>http://example.org/</link><description>All of it</description><language>de</language>
  <item><title>Third</title><link>/three</link><guid isPermaLink="false">id-3</guid>
    <pubDate>Tue, 03 Feb 2026 10:00:00 +0200</pubDate><category>a</category><category>b</category>
    <enclosure url="http://example.org/3.mp3" type="audio/mpeg" length="12"/><itunes:duration>1:02</itunes:duration>
    <description>&lt;p&gt;Hi&lt;script&gt;alert(1)&lt;/script&gt; &lt;a href="x"&gt;x&lt;/a&gt;&lt;/p&gt;</description>
  </item>
  <item><title>Second</title><link>http://example.org/two</link><pubDate>Mon, 02 Feb 2026 08:00:00 GMT</pubDate></item>
  <item><description>First, without a date</description></item>
</channel></rss>""".encode("latin-1")
RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
  <channel rdf:about="http://www.xml.com/xml/news.rss"><title>XML.com</title><link>http://xml.com/pub</link></channel>
  <item rdf:about="http://xml.com/pub/2000/08/09/xslt/xslt.html"><title>Processing Inclusions with XSLT</title>
    <link>http://xml.com/pub/2000/08/09/xslt/xslt.html</link></item>
</rdf:RDF>"""


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Iterator[Path]:
    with running_as(Context(root=tmp_path)):
        yield tmp_path


def done(task: Any, credentials: Any = None, **params: Any) -> Any:
    result = task(credentials or {}, params)
    assert result["success"], result["message"]
    return result["data"]


def refused(task: Any, credentials: Any = None, **params: Any) -> Any:
    result = task(credentials or {}, params)
    assert not result["success"]
    return result


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(rss.__file__).parent) == []


def test_the_examples_of_the_page_are_valid() -> None:
    assert sorted(examples(Path(rss.__file__).parent)) == sorted(rss.__all__)


def test_the_atom_of_its_specification_is_read() -> None:
    data = done(rss.parse_feed, content=ATOM)
    assert (data["kind"], data["title"], data["updated"]) == ("atom10", "dive into mark", "2005-07-31T12:29:29Z")
    (entry,) = data["entries"]
    assert "Update: The Atom draft is finished." in entry.pop("content")
    assert entry.pop("summary")
    assert entry == {
        "id": "tag:example.org,2003:3.2397", "title": "Atom draft-07 snapshot",
        "link": "http://example.org/2005/04/02/atom", "published": "2003-12-13T12:29:29Z",
        "updated": "2005-07-31T12:29:29Z", "author": "Mark Pilgrim (f8dy@example.com)", "tags": [], "image": None,
        "comments": None,
        "enclosures": [
            {"url": "http://example.org/audio/ph34r_my_podcast.mp3", "type": "audio/mpeg", "length": 1337}
        ],
    }  # fmt: skip


def test_rss_is_read_with_its_charset_and_its_markup_is_made_harmless() -> None:
    data = done(rss.parse_feed, content=RSS, base_url="http://example.org/a/", more="itunes_duration")
    assert (data["kind"], data["title"], data["language"]) == ("rss20", "Café News", "de")
    third, second, first = data["entries"]
    assert (third["id"], third["link"], third["tags"]) == ("id-3", "http://example.org/three", ["a", "b"])
    assert (third["published"], third["updated"]) == ("2026-02-03T08:00:00Z", None)
    assert third["summary"] == '<p>Hi <a href="http://example.org/a/x">x</a></p>'
    assert (third["enclosures"][0]["length"], third["itunes_duration"]) == (12, "1:02")
    assert second["id"] == "http://example.org/two"
    assert len(first["id"]) == 64
    assert first["published"] is None


def test_rdf_and_a_file_are_read(root: Path) -> None:
    (root / "news.rdf").write_text(RDF)
    data = done(rss.parse_feed, path="news.rdf")
    assert (data["kind"], data["entries"][0]["title"]) == ("rss10", "Processing Inclusions with XSLT")


@pytest.mark.parametrize(
    ("chosen", "titles"),
    [
        ({}, ["Third", "Second", None]),
        ({"since": "2026-02-02"}, ["Third", "Second", None]),
        ({"since": "2026-02-02T08:00:00Z"}, ["Third", None]),
        ({"since": "2026-02-03T09:30:00+01:00"}, [None]),
        ({"since": datetime(2026, 2, 3, tzinfo=timezone.utc)}, ["Third", None]),
        ({"seen": ["id-3", "http://example.org/two"]}, [None]),
        ({"seen": ["id-3"], "limit": 1}, ["Second"]),
    ],
)
def test_only_what_is_wanted_comes(chosen: dict[str, Any], titles: list[str | None]) -> None:
    assert [one["title"] for one in done(rss.parse_feed, content=RSS, **chosen)["entries"]] == titles


def test_a_feed_that_has_not_changed_is_not_sent_again(service: FakeService) -> None:
    def answer(request: Any) -> Answer:
        if request.headers.get("If-None-Match") == '"7"':
            return Answer(304, headers={"ETag": '"7"'})
        marks = {"ETag": '"7"', "Last-Modified": "Tue, 03 Feb 2026 10:00:00 GMT", "Content-Type": "text/xml"}
        return Answer(body=RSS, headers=marks)

    service.on("GET", "/feed", answer)
    first = done(rss.read_feed, url=f"{service.url}/feed")
    assert (len(first["entries"]), first["entries"][0]["link"]) == (3, f"{service.url}/three")
    assert first["last_modified"] == "Tue, 03 Feb 2026 10:00:00 GMT"
    again = done(rss.read_feed, url=f"{service.url}/feed", etag=first["etag"], last_modified=first["last_modified"])
    assert (again["entries"], again["unchanged"], again["etag"]) == ([], True, '"7"')


def test_who_signs_in_is_told_to_the_feed_s_own_host_only(service: FakeService) -> None:
    service.on("GET", "/feed", body=RSS)
    own = {"url": f"{service.url}/feed", "username": "ada", "password": "hunter2-hunter2"}
    assert done(rss.test_connection, own)["title"] == "Café News"
    assert service.requests[-1].headers["Authorization"].startswith("Basic ")
    done(rss.read_feed, {**own, "token": "token-token"})
    assert service.requests[-1].headers["Authorization"] == "Bearer token-token"
    done(rss.read_feed, {**own, "url": "https://feeds.example.com/"}, url=f"{service.url}/feed")
    assert "Authorization" not in service.requests[-1].headers


def test_a_refusal_shows_no_secret_and_whether_it_will_pass(service: FakeService) -> None:
    service.on("GET", "/feed", status=401)
    given = {"url": f"{service.url}/feed?k=1", "username": "ada", "password": "hunter2-hunter2"}
    result = refused(rss.test_connection, given)
    assert (result["data"]["kind"], result["permanent"]) == ("unauthorized", True)
    assert "hunter2" not in str(result)
    service.on("GET", "/feed", Answer(503, headers={"Retry-After": "0"}))
    assert not refused(rss.read_feed, given).get("permanent")


def test_the_feeds_of_a_page_are_found(service: FakeService) -> None:
    page = """<!doctype html><head><base href="/blog/"><link rel="stylesheet" href="a.css">
      <link rel="alternate" type="application/rss+xml" title="All" href="feed.xml">
      <LINK REL="alternate feed" TYPE="application/atom+xml; charset=utf-8" HREF="http://example.org/atom">
      <link rel="alternate" type="application/rss+xml" href="feed.xml"><link rel="alternate" hreflang="de" href="/de">
      <link rel="alternate" type="application/rss+xml" href="javascript:x"></head><body>"""
    service.on("GET", "/", body=page, headers={"Content-Type": "text/html"})
    service.on("GET", "/feed", body=ATOM)
    assert done(rss.find_feeds, url=service.url) == [
        {"url": f"{service.url}/blog/feed.xml", "title": "All", "kind": "rss"},
        {"url": "http://example.org/atom", "title": None, "kind": "atom"},
    ]
    itself = {"url": f"{service.url}/feed", "title": "dive into mark", "kind": "atom"}
    assert done(rss.find_feeds, url=f"{service.url}/feed") == [itself]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "neither RSS nor Atom"),
        ("hello", "neither RSS nor Atom"),
        ("{}", "neither RSS nor Atom"),
        ("/etc/passwd", "neither RSS nor Atom"),
        ("http://127.0.0.1:1/", "neither RSS nor Atom"),
        (b"\x00\xff\xfe", "neither RSS nor Atom"),
        ("<!DOCTYPE html><html><p>Hi", "web page, not a feed"),
        ("<html></html>", "find_feeds"),
        ("<a>" * 5000, "neither RSS nor Atom"),
    ],
)
def test_what_is_no_feed_is_said_to_be_none(content: Any, words: str) -> None:
    result = refused(rss.parse_feed, content=content)
    assert words in result["message"]
    assert result["permanent"]


def test_entities_of_a_feed_reach_no_file_and_do_not_grow(root: Path) -> None:
    (root / "secret.txt").write_text("hidden-words")
    grows = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    head = f'<!DOCTYPE rss [<!ENTITY a0 "x">{grows}<!ENTITY file SYSTEM "file://{root}/secret.txt">]>'
    feed = (
        f'{head}<rss version="2.0"><channel><title>T &file; &a11;</title><item><title>a</title></item></channel></rss>'
    )
    data = done(rss.parse_feed, content=feed)
    assert "hidden-words" not in str(data)
    assert len(str(data)) < 10_000


def test_a_feed_that_breaks_off_gives_what_came(root: Path) -> None:
    assert [one["title"] for one in done(rss.parse_feed, content=RSS[:-60])["entries"]][:2] == ["Third", "Second"]


def test_without_an_address_it_is_said_that_one_is_missing() -> None:
    assert "No feed is named" in refused(rss.test_connection)["message"]
    assert "No feed is named" in refused(rss.read_feed)["message"]
