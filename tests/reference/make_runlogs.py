"""Writes tests/reference/runlogs/: the log of a run by tensorboardX and by TensorBoard's own writer, and its numbers.

The run was ended and gone on with from an earlier step (SessionLog.START). Beside scalars it holds what is none: a
histogram, a picture, a text. `expected.json` is what TensorBoard itself reads.

    pip install tensorboard==2.21.0 tensorboardX==2.6.5
    python make_runlogs.py
"""

import glob
import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing import plugin_event_accumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util
from tensorboardX import SummaryWriter

HERE = Path(__file__).parent / "runlogs"
RUN = HERE / "tensorboard"


def first(folder):
    """300 steps by tensorboardX: floats, and what is no number."""
    rng = np.random.default_rng(0)
    with SummaryWriter(folder, purge_step=0, filename_suffix=".first") as writer:
        for step in range(0, 300, 10):
            writer.add_scalar("eval/return", -1500 + 4 * step + 30 * rng.standard_normal(), step)
            writer.add_scalar("loss/critic", float(np.exp(-step / 100)), step)
            if step == 120:
                writer.add_scalar("loss/critic", float("nan"), step + 1)
        writer.add_histogram("weights", rng.standard_normal(50), 0)
        writer.add_text("about", "a run", 0)
        writer.add_image("frame", np.zeros((3, 4, 4), dtype=np.uint8), 0)


def second(folder):
    """It goes on from step 200 by TensorBoard's writer: tensors of every type of number."""
    writer = EventFileWriter(str(folder), filename_suffix=".second")
    start = Event(step=200, wall_time=time.time())
    start.session_log.status = 1
    writer.add_event(start)
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
    for step in range(200, 420, 20):
        values = [Summary.Value(tag="eval/return", simple_value=-700.0 + step)]
        for kind in ["float32", "float64", "int32", "int64", "uint8", "float16", "int16", "bool"]:
            number = np.asarray(step % 7 + (0.5 if kind.startswith("float") else 0)).astype(kind)
            proto = tensor_util.make_tensor_proto(number)
            values.append(Summary.Value(tag=f"tensor/{kind}", tensor=proto, metadata=metadata))
        # As TensorFlow 2 writes it: the bytes as they stand in memory.
        content = tensor_util.make_tensor_proto(np.float32(step / 3))
        content.ClearField("float_val")
        content.tensor_content = np.float32(step / 3).tobytes()
        values.append(Summary.Value(tag="tensor/content", tensor=content, metadata=metadata))
        writer.add_event(Event(step=step, wall_time=time.time(), summary=Summary(value=values)))
    writer.close()


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    RUN.mkdir(parents=True)
    first(RUN)
    time.sleep(1.1)  # The second file's name is the later one.
    second(RUN)
    for path in map(Path, glob.glob(str(RUN / "*"))):
        # The name of the machine is nobody's business; the first number is the time.
        parts = path.name.split(".")
        path.rename(path.with_name(".".join([*parts[:4], "machine", parts[-1]])))
    reader = plugin_event_accumulator.EventAccumulator(str(RUN), tensor_size_guidance={"scalars": 0})
    reader.Reload()
    expected = {
        tag: [[e.step, tensor_util.make_ndarray(e.tensor_proto).item()] for e in reader.Tensors(tag)]
        for tag in sorted(reader.PluginTagToContent("scalars"))
    }
    for points in expected.values():
        for point in points:
            point[1] = None if point[1] != point[1] else float(point[1])
    (HERE / "expected.json").write_text(json.dumps(expected) + "\n")
    for path in sorted(RUN.iterdir()):
        print(path.name, os.path.getsize(path))
    print({tag: len(points) for tag, points in expected.items()})


main()
