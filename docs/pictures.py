"""Draw the pictures of the pages anew: the trial of `whynet why`, in both languages. Takes about a minute.

.venv/bin/python docs/pictures.py
"""

from __future__ import annotations

from pathlib import Path

from whynet.doctor.diagnose import diagnose, sick_recipe
from whynet.figures import save, use_theme
from whynet.report.blocks import Picture
from whynet.report.diagnosis import diagnosis_report
from whynet.text import LANGUAGES, use_language

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Examine the embedded patient as ``whynet why`` does, at its full length, and save the first picture of its report."""
    report = diagnosis_report(diagnose(sick_recipe()))
    trial = next(block for section in report.sections[1:] for block in section.blocks if isinstance(block, Picture))
    for language in LANGUAGES:
        with use_language(language), use_theme("light"):
            print(save(trial.draw(), IMAGES / f"why-{language}.png", dpi=110))


if __name__ == "__main__":
    main()
