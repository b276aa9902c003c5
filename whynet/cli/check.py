"""``whynet check``: does this installation work? Everything is tried, nothing is assumed."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from whynet.cli.screen import as_json, say, seconds, table
from whynet.cli.verb import option, verb
from whynet.errors import WhynetError
from whynet.text import Text, plain, use_language

GOAL = 0.9  # accuracy of a small network on the digits
TOLERANCE = 1e-6  # of a gradient in double precision against central differences


class FailedError(WhynetError):
    """A check that did not hold."""


@dataclass(frozen=True)
class Result:
    """One check: whether it held, what was found, how long it took."""

    name: Text
    held: bool
    found: Text
    seconds: float


@verb(
    "Prove in about ten seconds that this installation works.",
    "설치가 제대로 되었는지 10초쯤 걸려 확인한다.",
    place=60,
    examples=["whynet check"],
)
def check(json: Annotated[bool, option("print the result as JSON", "결과를 JSON으로 출력한다")] = False) -> int | None:
    """Run every check and print what was found. 1 where one failed."""
    results = [_run(name, one) for name, one in CHECKS]
    if json:
        as_json([{"check": r.name.en, "held": r.held, "found": str(r.found), "seconds": r.seconds} for r in results])
    else:
        rows = [["✓" if r.held else "✗", r.name, r.found, seconds(r.seconds)] for r in results]
        table(["", _CHECK, _FOUND, _TIME], rows, right=(3,), wrap=2)
        failed = [r for r in results if not r.held]
        say()
        if failed:
            say(_FAILED.fill(n=len(failed), all=len(results)), style="bold red")
        else:
            say(_ALL.fill(n=len(results)), style="bold green")
    return 0 if all(r.held for r in results) else 1


def _run(name: Text, one: Callable[[], Text]) -> Result:
    started = time.monotonic()
    try:
        held, found = True, one()
    except WhynetError as error:
        held, found = False, error.message
    except Exception as error:  # whatever is wrong with an installation, the other checks still run
        held, found = False, plain(f"{type(error).__name__}: {error}")
    return Result(name, held, found, time.monotonic() - started)


# --- the checks ------------------------------------------------------------------------------------------------------


def _versions() -> Text:
    names = ("whynet", "torch", "numpy", "matplotlib")
    return plain(", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)]))


def _torch() -> Text:
    import torch

    a = torch.arange(6.0).reshape(2, 3)
    if (a @ a.T).tolist() != [[5.0, 14.0], [14.0, 50.0]]:
        raise FailedError(_WRONG_PRODUCT)
    return _THREADS.fill(n=torch.get_num_threads(), cores=os.cpu_count() or 1)


def _gradient() -> Text:
    """Backpropagation against (L(w + h) - L(w - h)) / 2h, for every weight of a small network in double precision."""
    import torch

    from whynet.losses.cross_entropy import CrossEntropy
    from whynet.models.mlp import MLP

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = MLP((3,), 2, widths=[4], activation="tanh").double()
        x, y = torch.randn(8, 3, dtype=torch.float64), torch.tensor([0, 1] * 4)
    loss, h, worst, n = CrossEntropy(), 1e-5, 0.0, 0
    loss(network(x), y).backward()
    with torch.no_grad():
        for parameter in network.parameters():
            assert parameter.grad is not None
            flat, gradient = parameter.view(-1), parameter.grad.view(-1)
            for i in range(len(flat)):
                kept, sides = flat[i].item(), []
                for step in (h, -h):
                    flat[i] = kept + step
                    sides.append(float(loss(network(x), y)))
                flat[i] = kept
                worst, n = max(worst, abs((sides[0] - sides[1]) / (2 * h) - gradient[i].item())), n + 1
    if worst > TOLERANCE:
        raise FailedError(_WRONG_GRADIENT, worst=worst, most=TOLERANCE)
    return _GRADIENT.fill(n=n, worst=worst)


def _learns() -> Text:
    from whynet.engine.fit import fit
    from whynet.engine.train import Watching
    from whynet.recipe import recipe

    fitted = fit(recipe("digits", "mlp", optimizer="adam(lr=0.01)", epochs=10), watching=Watching(evaluations=1))
    score = fitted.score("test")
    if not score > GOAL:
        raise FailedError(_LEARNED_LITTLE, score=score, goal=GOAL)
    return _LEARNED.fill(score=score)


def _repeats() -> Text:
    from whynet.engine.fit import fit
    from whynet.engine.train import Watching
    from whynet.recipe import recipe

    once, again = (fit(recipe("digits", "mlp", epochs=1, seed=7), watching=Watching(evaluations=1)) for _ in range(2))
    if once.history.loss != again.history.loss or not once.outcome.weights.equal(again.outcome.weights):
        raise FailedError(_DIFFERENT)
    return _SAME.fill(n=once.history.steps)


def _store() -> Text:
    from whynet.engine.fit import fit
    from whynet.engine.train import Watching
    from whynet.recipe import recipe
    from whynet.runs.store import Store

    with tempfile.TemporaryDirectory(prefix="whynet-check-", ignore_cleanup_errors=True) as folder:
        run = Store(folder).save(fit(recipe("iris", "mlp", steps=2), watching=Watching(evaluations=1)))
        read = Store(folder).open(run.id)
        if read.history.loss != run.history.loss:
            raise FailedError(_LOST)
    where = Path.cwd()
    if not os.access(where, os.W_OK):
        raise FailedError(_NOT_WRITABLE, where=where)
    return _WRITABLE.fill(where=where)


def _figure() -> Text:
    """A drawing with Korean in it: drawn without a warning of a missing glyph, and not an empty sheet."""
    import warnings

    from whynet import figures
    from whynet.figures.style import shown

    title = "왜 배우지 못하는가?"
    if shown(title) != title:
        raise FailedError(_NO_GLYPHS, shown=shown(title))
    with tempfile.TemporaryDirectory(prefix="whynet-check-") as folder, use_language("ko"), warnings.catch_warnings():
        warnings.simplefilter("error")
        path = figures.save(figures.curves({"학습": [([0, 1], [0.1, 0.9])]}, title=title, y="정확도"), Path(folder) / "a.png")
        size = path.stat().st_size
    return _DRAWN.fill(title=title, size=size)


def _data() -> Text:
    where = os.environ.get("WHYNET_DATA", "")
    if not where:
        return _NO_DATA
    if not Path(where).is_dir():
        raise FailedError(_DATA_GONE, where=where)
    names = sorted(path.name for path in Path(where).iterdir() if path.is_dir())
    return _DATA.fill(where=where, names=", ".join(names) or "–")


CHECKS: tuple[tuple[Text, Callable[[], Text]], ...] = (
    (Text("versions", "버전"), _versions),
    (plain("torch"), _torch),
    (Text("gradient", "기울기(gradient)"), _gradient),
    (Text("learning", "학습"), _learns),
    (Text("same seed, same result", "같은 시드, 같은 결과"), _repeats),
    (Text("store", "저장소"), _store),
    (Text("figures", "그림"), _figure),
    (plain("WHYNET_DATA"), _data),
)
_CHECK = Text("check", "항목")
_FOUND = Text("found", "확인한 것")
_TIME = Text("time", "시간")
_ALL = Text("All {n} checks hold.", "{n}개 항목 모두 이상 없다.")
_FAILED = Text("{n} of {all} checks failed.", "{all}개 항목 가운데 {n}개에 이상이 있다.")
_THREADS = Text("computes; {n} thread(s) on {cores} core(s)", "계산된다. 코어 {cores}개에서 스레드(thread) {n}개")
_WRONG_PRODUCT = Text(
    "A matrix product came out wrong. Install torch again: pip install --force-reinstall torch",
    "행렬 곱이 틀리게 나온다. torch를 다시 설치한다: pip install --force-reinstall torch",
)
_GRADIENT = Text(
    "{n} derivatives agree with differences to {worst:.0e}",
    "미분 {n}개가 수치 미분과 {worst:.0e}까지 일치한다",
)
_WRONG_GRADIENT = Text(
    "Derivatives differ from differences by {worst:.1e}; expected at most {most:.0e}.",
    "미분이 수치 미분과 {worst:.1e}만큼 다르다. 허용 오차는 {most:.0e}.",
)
_LEARNED = Text("an MLP reads {score:.1%} of the digits", "MLP가 숫자의 {score:.1%}를 읽는다")
_LEARNED_LITTLE = Text(
    "An MLP reads only {score:.1%} of the digits; expected more than {goal:.0%}.",
    "MLP가 숫자의 {score:.1%}만 읽는다. {goal:.0%}를 넘어야 한다.",
)
_SAME = Text("{n} steps twice, equal to the last bit", "{n}스텝을 두 번, 마지막 비트까지 같다")
_DIFFERENT = Text(
    "The same recipe under the same seed gave two results on this machine.",
    "이 컴퓨터에서 같은 레시피(recipe)와 같은 시드가 서로 다른 결과를 냈다.",
)
_WRITABLE = Text(
    "a run is kept and read back; {where} can be written to", "런(run)을 저장하고 다시 읽는다. {where}에 쓸 수 있다"
)
_NOT_WRITABLE = Text(
    "This folder cannot be written to: {where}. Work in another, or name one with --store.",
    "이 폴더에는 쓸 수 없다: {where}. 다른 폴더에서 일하거나 --store로 지정한다.",
)
_LOST = Text("A run that was kept reads back differently.", "저장한 런(run)이 다르게 읽힌다.")
_DRAWN = Text("“{title}” is drawn, {size} bytes", "“{title}” 글자까지 그린다, {size}바이트")
_NO_GLYPHS = Text(
    "The font that comes with whynet cannot draw Korean: {shown}. Install whynet again.",
    "whynet에 든 글꼴이 한글을 그리지 못한다: {shown}. whynet을 다시 설치한다.",
)
_NO_DATA = Text(
    "not set; embedded data sets are enough for everything but the large ones",
    "정해지지 않음. 큰 데이터셋이 아니면 내장 데이터셋으로 충분하다",
)
_DATA = Text("{where}: {names}", "{where}: {names}")
_DATA_GONE = Text(
    "WHYNET_DATA names a folder that does not exist: {where}. Correct it, or unset it.",
    "WHYNET_DATA가 가리키는 폴더가 없다: {where}. 고치거나 지운다.",
)
