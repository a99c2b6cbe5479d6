# SPDX-License-Identifier: Apache-2.0
"""Records what a page shows, by Chromium's own screencast and ffmpeg."""

import base64
import pathlib
import shutil
import subprocess
import tempfile

FRAMES_A_SECOND = 12


class Recorder:
    """Keeps each picture with its instant; `save` makes a video of them."""

    def __init__(self, page):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="punctual-demo-"))
        self.frames = []
        self.session = page.context.new_cdp_session(page)
        self.session.on("Page.screencastFrame", self._keep)
        self.session.send("Page.startScreencast", {"format": "jpeg", "quality": 85})

    def _keep(self, frame):
        path = self.folder / f"{len(self.frames):05}.jpg"
        path.write_bytes(base64.b64decode(frame["data"]))
        self.frames.append((frame["metadata"]["timestamp"], path))
        self.session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    def save(self, file):
        """Ends the recording, writes the video and returns its length in seconds."""
        self.session.send("Page.stopScreencast")
        ends = [at for at, _ in self.frames[1:]] + [self.frames[-1][0] + 1]
        listing = self.folder / "frames.txt"
        listing.write_text("".join(
            f"file '{path}'\nduration {max(end - at, 0.001):.6f}\n"
            for (at, path), end in zip(self.frames, ends)
        ) + f"file '{self.frames[-1][1]}'\n")
        subprocess.run(
            ["ffmpeg", "-y", "-loglevel", "error", "-f", "concat", "-safe", "0", "-i", str(listing),
             "-vf", f"fps={FRAMES_A_SECOND}", "-c:v", "libvpx",
             "-crf", "12", "-b:v", "2M", "-deadline", "realtime", "-cpu-used", "8", str(file)],
            check=True,
        )
        shutil.rmtree(self.folder)
        return ends[-1] - self.frames[0][0]
