"""The names of classes in YAML against PyYAML."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from whynet.data.yolo_names import read_list, read_yaml
from whynet.errors import DataError

words = st.text(st.characters(categories=("L", "N", "P", "S", "Zs"), max_codepoint=0xD7A3), min_size=1, max_size=12).filter(
    lambda word: word == word.strip() and word.isprintable()
)
lists = st.lists(words, min_size=1, max_size=6)


@given(lists, st.sampled_from([True, False]), st.booleans())
def test_names_are_those_that_pyyaml_reads(names: list[str], flow: bool, numbered: bool) -> None:
    whole = {"train": "images/train", "names": dict(enumerate(names)) if numbered and not flow else names, "nc": len(names)}
    text = yaml.safe_dump(whole, default_flow_style=None if flow else False, allow_unicode=True, width=1e6, sort_keys=False)
    assert yaml.safe_load(text) == whole
    found = read_yaml(text, "data.yaml")
    assert list(found.words) == names
    assert found.folders == {"train": "images/train"}


@given(st.text(max_size=60) | st.text("names:[]{}'\"-# \n0123a,", max_size=60))
def test_anything_else_is_read_alike_or_refused_with_its_place(text: str) -> None:
    try:
        found = read_yaml(text, "data.yaml")
    except DataError as error:
        assert str(error).startswith("data.yaml")  # noqa: PT017
        return
    names = yaml.safe_load(text)["names"]
    told = list(names.values() if isinstance(names, dict) else names)
    assert len(found.words) == len(told)
    assert all(ours == theirs for ours, theirs in zip(found.words, told, strict=True) if isinstance(theirs, str))  # 1 is "1"


def test_a_file_as_people_write_it() -> None:
    text = """# my data
path: ../datasets/pets  # relative
train: images/train
val: 'images/val'

nc: 3
names:
  0: cat
  1: "hot dog"   # eaten
  2: it's

download:
  - https://example.org/pets.zip
augment: {flip: 0.5}
"""
    found = read_yaml(text, "pets.yaml")
    assert found.words == ("cat", "hot dog", "it's")
    assert (found.path, found.folders) == ("../datasets/pets", {"train": "images/train", "val": "images/val"})


def test_a_list_may_be_broken_over_lines() -> None:
    assert read_yaml("names: [cat,\n  'dog',\n  stop sign,\n]\n", "a.yaml").words == ("cat", "dog", "stop sign")
    assert read_yaml("names:\n- cat\n- dog\n", "a.yaml").words == ("cat", "dog")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train: images\n", r"a\.yaml: expected the names .* Received: ''"),
        ("names:\n  0: cat\n  2: dog\n", r"without gaps\. Received: '0: cat, 2: dog'"),
        ("nc: 3\nnames: [cat, dog]\n", r"a\.yaml:1: expected nc: 2.*Received: 'nc: 3'"),
        ("names:\n  0: cat\n  dog\n", r"a\.yaml:3: .*Received: 'dog'"),
        ("names: {0: cat}\n", r"a\.yaml:1"),
        ("train: [a, b]\nnames: [cat]\n", r"a\.yaml:1: .*Received: '\[a, b\]'"),
        ("names: [cat, [dog]]\n", r"a\.yaml:1"),
        ("names: [cat\n", r"a\.yaml:1"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_yaml(text, "a.yaml")


def test_a_list_of_names_has_one_in_a_line() -> None:
    assert read_list("cat\n\n stop sign \n", "classes.txt").words == ("cat", "stop sign")
    with pytest.raises(DataError, match=r"classes\.txt"):
        read_list(" \n", "classes.txt")


def test_the_subset_of_coco_is_read_as_pyyaml_does(shared_data: Path) -> None:
    text = (shared_data / "coco-ccby-subset" / "coco-subset.yaml").read_text()
    assert list(read_yaml(text, "").words) == list(yaml.safe_load(text)["names"].values())
