"""How many ice creams are sold on a day."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from whynet.data.draws import Count, Draw, Noise
from whynet.data.register import data_set
from whynet.data.source import Source
from whynet.rng import numpy_generator
from whynet.text import Text

BASE, PER_DEGREE, PER_MM, PER_PERCENT = 60.0, 9.0, -6.0, -0.8  # the truth that a linear regression should find


@data_set(
    en="Ice creams sold a day by temperature, rain and humidity: a linear truth, known, with noise around it.",
    ko="기온, 강수량, 습도에 따른 하루 아이스크림 판매량. 정답인 선형 관계를 알고 있고 거기에 잡음이 섞인다.",
    task="regress",
    scale="standard",
    targets="standard",
)
def ice_cream(n: Count = 365, noise: Noise = 15.0, draw: Draw = 0) -> Source:
    """sales = 60 + 9 · temperature [°C] - 6 · rain [mm] - 0.8 · humidity [%] + noise; x: (n, 3) in these units."""
    rng = numpy_generator(draw, "sample", "ice_cream")
    temperature = rng.uniform(15, 35, n)
    rain = np.where(rng.random(n) < 0.3, rng.exponential(5, n).clip(max=20), 0)  # it rains on three days in ten
    humidity = (50 + 1.5 * rain + 10 * rng.standard_normal(n)).clip(20, 100)  # rain makes the air humid
    sales = BASE + PER_DEGREE * temperature + PER_MM * rain + PER_PERCENT * humidity + noise * rng.standard_normal(n)
    frame = pd.DataFrame({"temperature": temperature, "rain": rain, "humidity": humidity, "sales": sales})
    values = torch.from_numpy(frame.to_numpy(copy=True)).float()
    return Source(
        values[:, :3],
        values[:, 3:],
        features=("temperature", "rain", "humidity"),
        targets=("sales",),
        notes=(_TRUTH.fill(noise=noise),),
        frame=frame,
    )


_TRUTH = Text(
    "Drawn from sales = 60 + 9 · temperature - 6 · rain - 0.8 · humidity, with noise of standard deviation {noise:g}.",
    "판매량 = 60 + 9 · 기온 - 6 · 강수량 - 0.8 · 습도에 표준편차 {noise:g}인 잡음을 더해 만들었다.",
)
