"""Starts what is measured, beside each other, on loopback: the origin, Countersign, nginx.

Every process is started here, kept by its identifier, and ended by it. The servers share core 0 and
run one at a time; the origin has core 1, where the load comes from too, so that no CPU time of
either is charged to a server.
"""

import os
import pathlib
import resource
import shutil
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parent / ".build" / "release" / "countersign"
SERVER_CORE, LOAD_CORE = 0, 1 if (os.cpu_count() or 1) > 1 else 0
DEADLINE = 10.0

NGINX = """\
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile {files};
pid {scratch}/nginx.pid;
error_log stderr crit;
events {{ worker_connections {connections}; multi_accept on; use epoll; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_max_body_size 0;
  client_body_temp_path {scratch}/client;
  proxy_temp_path {scratch}/proxy;
  fastcgi_temp_path {scratch}/fastcgi;
  uwsgi_temp_path {scratch}/uwsgi;
  scgi_temp_path {scratch}/scgi;
  open_file_cache max=1000 inactive=600s;
  open_file_cache_valid 600s;
  proxy_cache_path {scratch}/cache keys_zone=objects:10m use_temp_path=off;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  upstream origin {{
    server 127.0.0.1:{origin};
    keepalive 512;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://origin;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }}
    location /cached {{ proxy_pass http://origin; proxy_cache objects; }}
  }}
}}
"""


def free_port():
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as lease:
        lease.bind(("127.0.0.1", 0))
        return lease.getsockname()[1]


def raise_limits():
    """So many descriptors as may be, here and for what is started from here."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class Server:
    """A process that was started, and its children: how much of the machine they use."""

    def __init__(self, name, command, port, core, **options):
        self.name = name
        self.port = port
        self.process = subprocess.Popen(
            ["taskset", "--cpu-list", str(core), *map(str, command)],
            stdin=subprocess.DEVNULL, **options)

    def wait_until_ready(self):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended with status {self.process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"{self.name} does not listen")

    def processes(self):
        main = self.process.pid
        children = pathlib.Path(f"/proc/{main}/task/{main}/children").read_text().split()
        return [main, *map(int, children)]

    def cpu_seconds(self):
        """User and system time so far."""
        ticks = 0
        for number in self.processes():
            after_name = pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
            ticks += int(after_name[11]) + int(after_name[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self, row="VmRSS"):
        """Resident bytes, now (`VmRSS`) or at most (`VmHWM`)."""
        total = 0
        for number in self.processes():
            for line in pathlib.Path(f"/proc/{number}/status").read_text().splitlines():
                if line.startswith(row + ":"):
                    total += int(line.split()[1]) * 1024
        return total

    def forget_peak(self):
        for number in self.processes():
            pathlib.Path(f"/proc/{number}/clear_refs").write_text("5")

    def stop(self):
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Field:
    """The origin and the servers before it, for the length of a `with`."""

    def __init__(self, program=PROGRAM):
        self.program = program
        self.servers = []

    def __enter__(self):
        self.files = raise_limits()
        on_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="countersign-bench-", dir=on_memory))
        try:
            self.origin = self.start_origin()
            self.countersign = self.start_countersign()
            self.nginx = self.start_nginx()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in reversed(self.servers):
            server.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def add(self, server):
        self.servers.append(server)
        return server

    def start_origin(self):
        binary = self.scratch / "origin"
        subprocess.run(["cc", "-O2", "-o", binary, HERE / "origin.c"], check=True)
        origin = self.add(Server("origin", [binary], 0, LOAD_CORE, stdout=subprocess.PIPE))
        origin.port = int(origin.process.stdout.readline())
        return origin

    def start_countersign(self):
        port = free_port()
        command = [
            self.program, "proxy", "--listen", f"127.0.0.1:{port}", "--loops", "1",
            "--origin", f"http://127.0.0.1:{self.origin.port}", "--decision", "POST /login"]
        log = open(self.scratch / "countersign.log", "wb")
        return self.add(
            Server("Countersign", command, port, SERVER_CORE, stdout=log, stderr=log)
        ).wait_until_ready()

    def start_nginx(self):
        port = free_port()
        configuration = self.scratch / "nginx.conf"
        configuration.write_text(NGINX.format(
            user="user root;" if os.geteuid() == 0 else "", scratch=self.scratch, port=port,
            origin=self.origin.port, files=self.files, connections=self.files - 64))
        command = ["nginx", "-e", "stderr", "-p", self.scratch, "-c", configuration]
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        return self.add(
            Server("nginx", command, port, SERVER_CORE, env={**os.environ, "PATH": path})
        ).wait_until_ready()
