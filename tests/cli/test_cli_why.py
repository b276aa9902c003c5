"""``whynet why`` on a terminal of any width, in both languages, and as data."""

from __future__ import annotations

import json
import re

import pytest

PATIENT = ["why", "moons", "mlp(widths=[4])", "--optimizer", "sgd(lr=1e-6)", "--epochs", "3", "--seeds", "4", "--workers", "0"]


@pytest.mark.parametrize("narrow", [True, False])
def test_the_same_is_said_on_a_narrow_terminal(whynet, monkeypatch, narrow):
    monkeypatch.setattr("whynet.cli.why._narrow", lambda: narrow)
    said = whynet(*PATIENT)
    assert said.code == 0
    assert "It does not learn." in said.out
    assert "learning rate too low" in said.out
    assert re.search(r"learning rate × 100000 \(0\.1\) +0\.\d\d \[", said.out)
    assert bool(re.search(r"^  (for|against|neither): ", said.out, re.M)) == narrow  # evidence as sentences, or in a table
    assert "report.html" in said.out


def test_a_diagnosis_as_data_and_in_korean(whynet):
    found = json.loads(whynet(*PATIENT, "--json").out)
    assert found["state"] != "healthy"
    assert {"recipe", "verdict", "suspects", "trial", "fix", "report"} <= found.keys()
    said = whynet(*PATIENT, "--lang", "ko")
    assert found["verdict"]["ko"] in said.out
    assert "배우지 못한다" in said.out


def test_a_healthy_network_gets_a_clean_bill(whynet):
    said = whynet("why", "iris", "mlp", "--optimizer", "adam(lr=0.01)", "--epochs", "30")
    assert said.code == 0
    assert "Nothing needs mending" in said.out


def test_what_cannot_be_examined_is_said(whynet):
    said = whynet("why", "iris", "mlp", "--seeds", "1")
    assert said.code == 2
    assert "--seeds" in said.err
