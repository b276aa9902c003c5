"""Training in evaluation mode, evaluating in training mode, or batch statistics that fit neither."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from whynet.doctor.cause import Evidence, Speaks, Suspicion
from whynet.doctor.fault import LIKELY, PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop, quiet_copy
from whynet.doctor.replay import Manner, judged
from whynet.text import Text

LOOKED = 2  # of the recorded batches


@wiring_fault(
    year=2015,
    source="Ioffe and Szegedy, Batch normalization (2015), algorithm 2; Srivastava et al., Dropout (2014)",
    en="The network is trained in evaluation mode, or evaluated in training mode.",
    ko="네트워크를 평가 모드로 학습하거나 학습 모드로 평가한다.",
)
class BatchnormTrainEvalGap(Fault):
    """Batch normalisation and dropout compute something else in training than in evaluation; the wrong mode is seen as a fact.

    Proved: steps were taken in training mode, and after an evaluation in evaluation mode (``model.train()`` is missing), or all in
    evaluation mode while the batch normalisation never counted a batch, so that it normalises nothing; and outputs held against targets
    without an update while dropout or batch normalisation trained (``model.eval()`` is missing). Only modules that act differently
    count: a network without them may be in either mode, and single layers held in evaluation mode while others train are fine-tuning.
    Proved as well where the modes are right and the statistics fit neither: on the same examples the loss in training mode is below half
    of what it was at the start, and in evaluation mode no better than at the start. Both are measured on a copy, always, and shown.
    All steps in evaluation mode with trained statistics may be meant, and are a suspicion. The same examples several times in training
    mode are dropout kept for averaging.
    """

    name = "batchnorm-train-eval-gap"
    title = Text("wrong mode: train and eval", "뒤바뀐 모드: train과 eval")
    explanation = Text(
        "In training mode batch normalisation uses the batch at hand and dropout drops units; in evaluation mode they use what was "
        "gathered, and all units. In the wrong mode the network that is judged is not the one that was trained.",
        "학습 모드에서 배치 정규화(batch normalisation)는 지금 배치의 통계를 쓰고 드롭아웃(dropout)은 유닛을 끈다. "
        "평가 모드에서는 모아 둔 통계와 모든 유닛을 쓴다. "
        "모드가 틀리면 평가받는 네트워크는 학습한 네트워크가 아니다.",
    )
    place = "network"
    needs_steps = True

    def notice(self, loop: Loop) -> Suspicion:
        sensitive = loop.sensitive
        if not sensitive or not loop.modes:
            return self.nothing()
        evidence, strength = [], 0.0
        switched = next((step for step, training in loop.modes[1:] if not training), None)
        if switched is not None:
            evidence.append(Evidence(_TRAINED, _SINCE.fill(step=switched), _TRAIN, "for"))
            strength = PROVED
        elif not loop.modes[0][1]:
            evidence.append(Evidence(_TRAINED, _SINCE.fill(step=loop.modes[0][0]), _TRAIN, "for"))
            strength = PROVED if any(_never_counted(m) for m in sensitive) else LIKELY
        else:
            evidence.append(Evidence(_TRAINED, _TRAIN, _TRAIN, "against"))
        if loop.judged:
            wrong = sum(one.training for one in loop.judged)
            evidence.append(
                Evidence(
                    _JUDGED,
                    _OF.fill(wrong=wrong, n=len(loop.judged)),
                    _NONE,
                    "for" if 2 * wrong > len(loop.judged) else "against",
                )
            )
            if 2 * wrong > len(loop.judged):
                strength = PROVED
        gap = _gap(loop)
        if gap is not None:
            trained, tested = gap
            start = loop.losses[0][1] if loop.losses else 0.0
            fits_neither = start > 0 and tested >= start and trained < start / 2
            speaks: Speaks = "for" if fits_neither else "against" if abs(tested - trained) < start / 2 else "neither"
            evidence.append(Evidence(_GAP, _BOTH.fill(trained=trained, tested=tested), _ABOUT, speaks))
            strength = PROVED if fits_neither else strength
        return self.held(evidence, strength)

    def mended(self, loop: Loop, manner: Manner) -> Manner | None:
        return replace(manner, training=True) if loop.modes and not loop.modes[0][1] else None

    def mend(self, loop: Loop) -> Mend:
        wrong = 2 * sum(one.training for one in loop.judged) > len(loop.judged) or not all(mode for _, mode in loop.modes)
        if not wrong:
            return Mend(_SETTLE, ("- nn.BatchNorm1d(32, momentum=0.001)", "+ nn.BatchNorm1d(32)  # momentum 0.1"))
        return Mend(
            _MEND,
            (
                "+ model.train()",
                "  for x, y in train_loader: …",
                "+ model.eval()",
                "+ with torch.no_grad():",
                "      for x, y in validation_loader: …",
            ),
        )


def _gap(loop: Loop) -> tuple[float, float] | None:
    """The mean loss on the same recorded examples in training and in evaluation mode, on a copy; None where none were recorded."""
    batches = loop.recorder.batches[-LOOKED:]
    if not batches:
        return None
    module = quiet_copy(loop.module)
    in_evaluation = judged(loop, module, batches)  # first: training mode moves the running statistics
    return judged(loop, module, batches, training=True), in_evaluation


def _never_counted(module: nn.Module) -> bool:
    """A batch normalisation whose running statistics still are what they began as."""
    if not isinstance(module, nn.modules.batchnorm._BatchNorm) or module.num_batches_tracked is None:
        return False
    return int(module.num_batches_tracked) == 0 and module.running_mean is not None and not module.running_mean.any()


_GAP = Text("loss on the same examples, in training and in evaluation mode", "같은 예제의 손실, 학습 모드와 평가 모드")
_BOTH = Text("{trained:.3g} and {tested:.3g}", "{trained:.3g}, {tested:.3g}")
_ABOUT = Text("about the same", "비슷함")
_SETTLE = Text(
    "let the running statistics settle: the usual momentum, and steps enough",
    "이동 통계가 자리 잡게 한다. 보통의 모멘텀과 충분한 스텝",
)
_TRAINED = Text("mode in which steps were taken", "스텝을 밟은 모드")
_SINCE = Text("evaluation mode, from step {step} on", "{step} 스텝부터 평가 모드")
_TRAIN = Text("training mode", "학습 모드")
_JUDGED = Text("batches evaluated in training mode", "학습 모드로 평가한 배치")
_OF = Text("{wrong} of {n}", "{n}개 가운데 {wrong}개")
_NONE = Text("none", "없음")
_MEND = Text("switch the mode before each of the two", "학습과 평가 앞에서 각각 모드를 바꾼다")
