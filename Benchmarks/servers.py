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
worker_processes {workers};
worker_rlimit_nofile {files};
pid {scratch}/nginx.pid;
error_log stderr crit;
events {{ worker_connections {connections}; multi_accept on; use epoll; }}
http {{
  access_log {log};
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
  open_file_cache max=200000 inactive=600s;
  open_file_cache_valid 600s;
  proxy_cache_path {scratch}/cache levels=1:2 keys_zone=objects:100m use_temp_path=off;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  ssl_certificate {scratch}/server.pem;
  ssl_certificate_key {scratch}/server.key;
  ssl_protocols TLSv1.3;
  ssl_session_cache shared:tls:10m;
  upstream origin {{
    server 127.0.0.1:{origin} max_fails=0;
    keepalive 1024;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    listen 127.0.0.1:{tls_port} ssl backlog=4096;
    location / {{
      proxy_pass http://origin;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }}
    location ~ ^/(c|v)/ {{ proxy_pass http://origin; proxy_cache objects; add_header X-Cache $upstream_cache_status; }}
  }}
}}
"""

# No logs: its daemon log is the only one there is, and it is off.
HAPROXY = """\
global
  nbthread {workers}
  maxconn {connections}
  tune.ssl.default-dh-param 2048
  ssl-default-bind-options ssl-min-ver TLSv1.3
defaults
  mode http
  timeout client 600s
  timeout server 600s
  timeout connect 5s
  http-reuse always
  maxconn {connections}
cache objects
  total-max-size 512
  max-object-size 20000000
  max-age 3600
  process-vary on
  max-secondary-entries 64
backend origin
  http-request cache-use objects if {{ path_beg /c/ /v/ }}
  http-response cache-store objects
  server origin 127.0.0.1:{origin} pool-max-conn 1024
frontend clients
  bind 127.0.0.1:{port} backlog 4096
  bind 127.0.0.1:{tls_port} ssl crt {scratch}/both.pem backlog 4096
  default_backend origin
"""

VARNISH = """\
vcl 4.1;
backend origin {{ .host = "127.0.0.1"; .port = "{origin}"; }}
sub vcl_recv {{
  if (req.url !~ "^/(c|v)/") {{ return (pass); }}
}}
"""

COUNTERSIGN = """\
listeners:
  - address: 127.0.0.1:{port}
  - address: 127.0.0.1:{tls_port}
    tls: {{ certificate: server.pem, key: server.key }}
services:
  origin: {{ kind: plain, origins: [ "http://127.0.0.1:{origin}" ] }}
cache: {{ memory: 512MiB, max_object: 16MiB, max_variants: 64 }}
routes:
{routes}
  - name: login
    match: {{ method: POST, path: /login }}
    service: origin
    decision: {{ subject: none, allow: {{ verdict: "json:/authorized", equals: true }} }}
  - name: watched
    match: {{ method: POST, path: /watched }}
    service: origin
    decision: {{ mode: audit, subject: none, allow: {{ verdict: "json:/authorized", equals: true }} }}
  - name: rest
    match: {{ path: /** }}
    service: origin
audit: {{ log: findings.jsonl }}
access_log: {{ log: {log} }}
admin: {{ address: "unix:admin.sock" }}
process: {{ loops: {workers} }}
"""


def free_port():
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as lease:
        lease.bind(("127.0.0.1", 0))
        return lease.getsockname()[1]


def raise_limits():
    """So many descriptors as may be, here and for what is started from here."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (max(most, 65536), most):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return wanted
        except ValueError:  # only root may raise the most there may be
            continue
    return most


class Server:
    """A process that was started, and its children: how much of the machine they use."""

    def __init__(self, name, command, port, cores, tls_port=None, log=None, **options):
        self.name = name
        self.port = port
        self.tls_port = tls_port
        self.log = log
        self.process = subprocess.Popen(
            ["taskset", "--cpu-list", cores, *map(str, command)],
            stdin=subprocess.DEVNULL, **options)

    def wait_until_ready(self):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                said = pathlib.Path(self.log).read_text()[-2000:] if self.log else ""
                raise SystemExit(
                    f"{self.name} ended with status {self.process.returncode}\n{said}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"{self.name} does not listen")

    def processes(self):
        """The process and those it started."""
        found, waiting = [], [self.process.pid]
        while waiting:
            number = waiting.pop()
            found.append(number)
            for task in pathlib.Path(f"/proc/{number}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        return found

    def usage(self):
        """User seconds, system seconds and context switches so far."""
        user = system = switches = 0
        for number in self.processes():
            after_name = pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
            user += int(after_name[11])
            system += int(after_name[12])
            for task in pathlib.Path(f"/proc/{number}/task").iterdir():
                for line in (task / "status").read_text().splitlines():
                    if "ctxt_switches" in line:
                        switches += int(line.split()[1])
        tick = os.sysconf("SC_CLK_TCK")
        return user / tick, system / tick, switches

    def cpu_seconds(self):
        """User and system time so far."""
        user, system, _ = self.usage()
        return user + system

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
    """The origin and the servers before it, for the length of a `with`.

    `peers` names what is started beside Countersign; `workers` is the number of loops, workers or
    threads of each, which then run on that many cores.
    """

    def __init__(self, program=PROGRAM, peers=("nginx",), workers=1, logs=False, routes=0):
        self.program = program
        self.peers = peers
        self.workers = workers
        self.cores = ",".join(str(core) for core in range(workers)) if workers > 1 else str(
            SERVER_CORE)
        self.logs = logs
        self.routes = routes
        self.servers = []

    def __enter__(self):
        self.files = raise_limits()
        on_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="countersign-bench-", dir=on_memory))
        # nginx gives up root for the files of its cache where it has it.
        self.scratch.chmod(0o755)
        try:
            self.make_certificate()
            self.origin = self.start_origin()
            self.countersign = self.start_countersign()
            for name in self.peers:
                setattr(self, name.replace(" ", "_").lower(), self.starters[name](self))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in reversed(self.servers):
            server.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def by_name(self):
        return {server.name: server for server in self.servers}

    def add(self, server):
        self.servers.append(server)
        return server

    def write(self, name, text, **values):
        path = self.scratch / name
        path.write_text(text.format(
            scratch=self.scratch, origin=self.origin.port, workers=self.workers, **values))
        return path

    def make_certificate(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
             "-days", "2", "-keyout", "server.key", "-out", "server.pem"],
            cwd=self.scratch, check=True, capture_output=True)
        (self.scratch / "both.pem").write_bytes(
            (self.scratch / "server.pem").read_bytes() + (self.scratch / "server.key").read_bytes())

    def compile(self, name):
        binary = self.scratch / name
        subprocess.run(["cc", "-O2", "-o", binary, HERE / f"{name}.c"], check=True)
        return binary

    def start_printing(self, name, command, cores):
        """Starts a program that listens on a free port and prints it."""
        server = self.add(Server(name, command, 0, cores, stdout=subprocess.PIPE))
        server.port = int(server.process.stdout.readline())
        return server

    def start_origin(self):
        return self.start_printing("origin", [self.compile("origin")], str(LOAD_CORE))

    def start(self, name, command, port, tls_port, **options):
        path = self.scratch / f"{name}.log"
        log = open(path, "wb")
        return self.add(Server(
            name, command, port, self.cores, tls_port, path, stdout=log, stderr=log, **options
        )).wait_until_ready()

    def start_countersign(self):
        port, tls_port = free_port(), free_port()
        routes = "\n".join(
            f"  - {{ name: route {number}, match: {{ path: /r{number}/** }}, service: origin }}"
            for number in range(self.routes))
        settings = self.write(
            "countersign.yaml", COUNTERSIGN, port=port, tls_port=tls_port, routes=routes,
            log="access.jsonl" if self.logs else "off")
        return self.start(
            "Countersign", [self.program, "serve", settings], port, tls_port)

    def start_nginx(self):
        port, tls_port = free_port(), free_port()
        configuration = self.write(
            "nginx.conf", NGINX, user="user root;" if os.geteuid() == 0 else "", port=port,
            tls_port=tls_port, files=self.files, connections=min(self.files - 64, 65536),
            log=f"{self.scratch}/access.log" if self.logs else "off")
        command = ["nginx", "-e", "stderr", "-p", self.scratch, "-c", configuration]
        return self.start("nginx", command, port, tls_port, env=with_sbin())

    def start_haproxy(self):
        port, tls_port = free_port(), free_port()
        configuration = self.write(
            "haproxy.cfg", HAPROXY, port=port, tls_port=tls_port, connections=min(20000, self.files // 2 - 64))
        return self.start(
            "HAProxy", ["haproxy", "-db", "-f", configuration], port, tls_port, env=with_sbin())

    def start_varnish(self):
        port = free_port()
        vcl = self.write("varnish.vcl", VARNISH)
        command = [
            "varnishd", "-F", "-j", "none", "-n", self.scratch / "varnish",
            "-a", f"127.0.0.1:{port}", "-f", vcl, "-s", "malloc,512m",
            "-p", "thread_pool_min=400", "-p", "thread_pools=2", "-p", "http_max_hdr=64"]
        return self.start("Varnish", command, port, None, env=with_sbin())

    def start_floor_server(self):
        return self.start_printing("floor server", [self.compile("floor"), "server"], self.cores)

    def start_floor_proxy(self):
        return self.start_printing(
            "floor proxy", [self.compile("floor"), "proxy", self.origin.port], self.cores)

    starters = {
        "nginx": start_nginx, "HAProxy": start_haproxy, "Varnish": start_varnish,
        "floor server": start_floor_server, "floor proxy": start_floor_proxy}


def with_sbin():
    return {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
