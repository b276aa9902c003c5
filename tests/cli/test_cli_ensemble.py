"""``whynet ensemble``."""

from __future__ import annotations

import json

import pytest

WORDS = ("ensemble", "iris", "mlp(widths=[4])", "--members", "3", "--epochs", "4", "--workers", "0")


def test_it_says_what_they_are_worth_together_and_alone(whynet):
    said = whynet(*WORDS)
    assert said.code == 0
    assert "3 networks together" in said.out
    assert "one alone, on average" in said.out
    assert "bootstrap" in said.out


def test_as_json(whynet):
    found = json.loads(whynet(*WORDS, "--method", "boosting", "--lr", "0.05", "--json").out)
    assert found["method"] == "boosting"
    assert len(found["members"]) == 3
    assert found["gain"]["mean"] == pytest.approx(found["score"] - sum(found["members"]) / 3)


def test_in_korean(whynet):
    said = whynet("--lang", "ko", *WORDS)
    assert "네트워크 3개가 함께" in said.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--method", "stacking"), "one of bagging, boosting, seeds"),
        (("--members", "1"), "2 <= x"),
        (("--epochs", "0"), "1 <= x"),
    ],
)
def test_errors_teach(whynet, words, told):
    said = whynet(*WORDS, *words)
    assert said.code == 2
    assert told in said.err


def test_what_cannot_be_voted_on_is_said(whynet):
    said = whynet("ensemble", "diabetes", "mlp", "--method", "boosting", "--members", "2", "--epochs", "1")
    assert said.code == 2
    assert "votes on classes" in said.err
