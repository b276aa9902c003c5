"""Your own table: what was read, what was done to it, and what one is told where it cannot be read."""

from pathlib import Path

import whynet

rows = [f"{20 + i % 15},{'yes' if i % 4 == 0 else 'no'},{40 + 9 * (i % 15) - 30 * (i % 4 == 0)}" for i in range(80)]
Path("sales.csv").write_text("temperature,rain,sold\n" + "\n".join(rows) + "\n")

data = whynet.load('csv(path="sales.csv", target="sold", task="regress")')
print(data.task.features)  # → ('temperature', 'rain=no', 'rain=yes')
for note in data.notes:
    print("-", note)

try:
    whynet.load('csv(path="sales.csv", target="sould")')
except whynet.errors.WhynetError as error:
    print(error)  # → sales.csv has no column 'sould'. Did you mean sold? Columns: temperature, rain, sold
