"""The page of a workspace behind a real socket, for a real browser."""

import threading

import uvicorn

from atarimae import look
from atarimae.look import app

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}


class serving:  # noqa: N801 - a context manager
    def __init__(self, workspace, token=None, told=None, edit=False):
        self.socket = app.listen("127.0.0.1", 0)
        config = uvicorn.Config(
            look.create_app(workspace, token=token, told=told, edit=edit), log_level="warning"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],))

    def __enter__(self):
        self.thread.start()
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join()
        self.socket.close()
