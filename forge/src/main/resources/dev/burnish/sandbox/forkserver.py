"""Makes sandboxes by forking: one process that never runs a program, inside bubblewrap.

On a line `spawn` it clones a keeper into namespaces of its own (user, mounts, processes, network,
IPC, host name, cgroups), with a connection to the JVM. The keeper is process 1 there: it forks the process that
becomes the program, and waits for a job. It feeds standard input, drains both outputs, watches
time, memory and size, kills all that is left, answers, and ends, and with it all of its namespaces.

Nothing here is secret from a program, which is a fork of this process; the job's data that a program
must not see never comes here.
"""

import atexit, builtins, ctypes, gc, os, resource, select, signal, socket, struct, sys, threading, time, types

# Modules that programs use often: a fork has them already.
import array, bisect, cmath, collections, contextlib, copy, dataclasses, datetime, decimal, enum, fractions
import functools, heapq, io, itertools, json, linecache, math, numbers, operator, queue, random, re, statistics
import string, textwrap, traceback, typing

SHARED = '/tmp/link/'
USER = 1000
ARCHITECTURE = os.uname().machine
CLONE = {'x86_64': 56, 'aarch64': 220}[ARCHITECTURE]
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 16384, 1 << 18
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 4, 22, 24, 38, 47
MIB = 1 << 20
TICK = 0.005  # seconds between two looks at memory and processor time
PAGE = os.sysconf('SC_PAGE_SIZE')
TICKS_PER_SECOND = os.sysconf('SC_CLK_TCK')

# PyDLL: a call keeps the interpreter's lock, so that a clone returns in both processes alike.
libc = ctypes.PyDLL(None, use_errno=True)
libc.syscall.argtypes = [ctypes.c_long] * 6
libc.syscall.restype = ctypes.c_long
libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]


def check(result, call):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f'{call}: {os.strerror(number)}')
    return result


def mount(source, target, kind, flags, options):
    check(libc.mount(source, target, kind, flags, options), f'mount {target.decode()}')


def prctl(option, value=0, second=0):
    check(libc.prctl(option, value, second, 0, 0), f'prctl {option}')


def write(path, text):
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    os.write(descriptor, text.encode())
    os.close(descriptor)


def load_filter():
    """The seccomp filter, as the argument of prctl: it stays in memory for the forks."""
    with open(SHARED + 'filter', 'rb') as file:
        code = file.read()
    buffer = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_void_p)]

    return buffer, Program(len(code) // 8, ctypes.addressof(buffer))


# --- the server -------------------------------------------------------------------------------------


def serve():
    """Reads commands until standard input ends, which it does when the JVM has ended."""
    commands, answers = os.dup(0), os.dup(1)
    null = os.open('/dev/null', os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are reaped by the kernel
    sys.path[:] = [path for path in sys.path if not path.startswith('/tmp')]
    seccomp = load_filter()
    gc.collect()
    gc.freeze()
    os.write(answers, b'ready\n')
    rest = b''
    while True:
        more = os.read(commands, 4096)
        if not more:
            os._exit(0)
        *lines, rest = (rest + more).split(b'\n')
        for line in lines:
            obey(line.split(), commands, answers, seccomp)


def obey(words, commands, answers, seccomp):
    if words[0] == b'spawn':
        # Connected here, for sockets are listed in the network namespace where they are made.
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.connect(SHARED + 'socket')
            if check(libc.syscall(CLONE, NAMESPACES | signal.SIGCHLD, 0, 0, 0, 0), 'clone') == 0:
                os.close(commands)
                os.close(answers)
                run_keeper(link, seccomp)
    elif words[0] == b'kill':
        try:
            os.kill(int(words[1]), signal.SIGKILL)
        except ProcessLookupError:
            pass


# --- the keeper: process 1 of a sandbox -------------------------------------------------------------


def run_keeper(link, seccomp):
    status = 1
    try:
        Keeper(link, seccomp).run()
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


class Closed(Exception):
    """The JVM has closed the connection: the sandbox is not needed any more."""


class Keeper:
    def __init__(self, link, seccomp):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        self.link = link
        outer = os.readlink('/proc/self')  # the number of this process for the fork server
        self.enter()
        self.stdin_read, self.stdin = os.pipe()
        self.stdout, self.stdout_write = os.pipe()
        self.stderr, self.stderr_write = os.pipe()
        order_read, self.order = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            run_program(self, order_read, seccomp)
        for descriptor in (self.stdin_read, self.stdout_write, self.stderr_write, order_read):
            os.close(descriptor)
        self.exited = os.pidfd_open(self.child)
        prctl(PR_SET_DUMPABLE, 0)
        self.frame(b'H', outer.encode())
        self.peak = self.output = 0
        self.status = -1  # of the program, once it is reaped

    @staticmethod
    def enter():
        """Makes the namespaces a place of their own, while this process has all rights in them."""
        write('/proc/self/setgroups', 'deny')
        write('/proc/self/uid_map', f'{USER} {USER} 1')
        write('/proc/self/gid_map', f'{USER} {USER} 1')
        write('/proc/sys/user/max_user_namespaces', '0')
        mount(b'none', b'/', None, MS_REC | MS_PRIVATE, None)
        mount(b'proc', b'/proc', b'proc', MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, b'subset=pid')

    def frame(self, kind, content):
        self.link.sendall(kind + struct.pack('>I', len(content)) + content)

    def receive(self, length):
        parts = bytearray()
        while len(parts) < length:
            part = self.link.recv(length - len(parts))
            if not part:
                raise Closed
            parts += part
        return bytes(parts)

    def run(self):
        try:
            job, code, stdin = [self.receive(struct.unpack('>I', self.receive(4))[0]) for _ in range(3)]
            limits = json.loads(job)
            self.prepare(job, limits, code)
            begin = time.monotonic()
            reason = self.watch(limits, stdin, begin + limits['wallSeconds'])
            seconds = time.monotonic() - begin
            self.answer(reason, seconds, limits)
        except (Closed, ConnectionError):
            pass

    def prepare(self, job, limits, code):
        files = limits['fileBytes']
        mount(b'tmpfs', b'/tmp', b'tmpfs', MS_NOSUID | MS_NODEV, f'size={files},nr_inodes={limits["files"]},mode=700'.encode())
        path = '/tmp/' + limits['file']
        with open(path, 'wb') as file:
            file.write(code)
        drop_capabilities()
        self.frame(b'B', b'')
        os.write(self.order, job)
        os.close(self.order)

    def watch(self, limits, stdin, deadline):
        """Until the program has exited or must not run on; says which."""
        poll = select.poll()
        for descriptor in (self.stdout, self.stderr, self.exited):
            poll.register(descriptor, select.POLLIN)
        poll.register(self.link, select.POLLIN)
        os.set_blocking(self.stdin, False)
        feed = memoryview(stdin)
        if feed:
            poll.register(self.stdin, select.POLLOUT)
        else:
            os.close(self.stdin)
        next_look = time.monotonic() + TICK / 2
        while True:
            now = time.monotonic()
            if now >= deadline:
                return 'wall'
            if now >= next_look:
                reason = self.look(limits)
                if reason:
                    return reason
                took = time.monotonic() - now
                next_look = now + max(TICK, 10 * took)
            for descriptor, _ in poll.poll(max(0, min(deadline, next_look) - now) * 1000 + 0.5):
                if descriptor == self.exited:
                    return 'exited'
                if descriptor == self.stdin:
                    feed = self.feed(poll, feed)
                elif descriptor == self.link.fileno():
                    raise Closed
                elif not self.drain(poll, descriptor, limits['outputBytes']):
                    return 'output'

    def feed(self, poll, feed):
        try:
            feed = feed[os.write(self.stdin, feed[:65536]):]
        except BrokenPipeError:
            feed = feed[:0]
        if not feed:
            poll.unregister(self.stdin)
            os.close(self.stdin)
        return feed

    def drain(self, poll, descriptor, most):
        """Passes on what there is; false once there is more than the program may print."""
        data = os.read(descriptor, 65536)
        if not data:
            poll.unregister(descriptor)
            return True
        kept = data[:most - self.output]
        self.output += len(kept)
        if kept:
            self.frame(b'O' if descriptor == self.stdout else b'E', kept)
        return len(kept) == len(data)

    def look(self, limits):
        """Which limit all processes together have reached, if one."""
        self.reap(os.WNOHANG)  # a zombie without a parent counts as a process
        anonymous = ticks = 0
        numbers = [name for name in os.listdir('/proc') if name.isdigit() and name != '1']
        for number in numbers:
            try:
                with open(f'/proc/{number}/statm', 'rb') as file:
                    _, resident, shared, *_ = file.read().split()
                with open(f'/proc/{number}/stat', 'rb') as file:
                    fields = file.read().rpartition(b')')[2].split()
            except OSError:
                continue  # it has just ended
            anonymous += (int(resident) - int(shared)) * PAGE
            ticks += sum(int(field) for field in fields[11:15])
        space = os.statvfs('/tmp')
        files = (space.f_blocks - space.f_bfree) * space.f_frsize
        most = limits['megabytes'] * MIB
        if anonymous + files > most:
            anonymous = min(anonymous, proportional(numbers))  # pages that forks share count once
        self.peak = max(self.peak, anonymous + files)
        if anonymous + files > most:
            return 'memory'
        return 'cpu' if ticks / TICKS_PER_SECOND > limits['cpuSeconds'] else ''

    def reap(self, options):
        try:
            number, status = os.waitpid(-1, options)
            while number:
                if number == self.child:
                    self.status = status
                number, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            pass

    def answer(self, reason, seconds, limits):
        """Kills and reaps all processes, passes on the rest of the output, and says how it was."""
        try:
            while True:
                os.kill(-1, signal.SIGKILL)
                self.reap(0)
        except (ProcessLookupError, ChildProcessError):
            self.reap(os.WNOHANG)
        poll = select.poll()
        for descriptor in (self.stdout, self.stderr):
            os.set_blocking(descriptor, False)
            try:
                while self.drain(poll, descriptor, limits['outputBytes']):
                    pass
                reason = 'output' if reason == 'exited' else reason
            except (BlockingIOError, KeyError):
                pass  # all is read
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.frame(b'R', json.dumps({
            'reason': reason,
            'exit': os.WEXITSTATUS(self.status) if os.WIFEXITED(self.status) else 0,
            'signal': os.WTERMSIG(self.status) if os.WIFSIGNALED(self.status) else 0,
            'wallSeconds': seconds,
            'cpuSeconds': used.ru_utime + used.ru_stime,
            'peakBytes': max(self.peak, used.ru_maxrss * 1024),
        }).encode())


def proportional(numbers):
    total = 0
    for number in numbers:
        try:
            with open(f'/proc/{number}/smaps_rollup', 'rb') as file:
                for line in file:
                    if line.startswith(b'Pss_Anon:'):
                        total += int(line.split()[1]) * 1024
        except PermissionError:
            return sys.maxsize  # it hides its memory: the other count holds
        except OSError:
            continue
    return total


# --- the program --------------------------------------------------------------------------------------


def run_program(keeper, order, seccomp):
    """In the fork: gives up every right, waits for the job, and becomes the program."""
    try:
        for descriptor, number in ((keeper.stdin_read, 0), (keeper.stdout_write, 1), (keeper.stderr_write, 2)):
            os.dup2(descriptor, number)
        if order != 3:
            os.dup2(order, 3)
        os.closerange(4, 1024)
        keeper.link.detach()
        os.setsid()
        for number in range(1, 32):
            if number not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(number, signal.SIG_DFL)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        drop_capabilities()
        prctl(PR_SET_SECCOMP, 2, ctypes.addressof(seccomp[1]))
        touch_memory()
        parts = []
        while part := os.read(3, 65536):
            parts.append(part)
        os.close(3)
        if not parts:
            os._exit(0)
        job = json.loads(b''.join(parts))
        del keeper, parts, seccomp
        os.chdir('/tmp')
        os.umask(0o022)
        set_limits(job)
    except BaseException:
        traceback.print_exc()
        os._exit(126)
    if not job['command']:
        run_python('/tmp/' + job['file'], job['file'])
    try:
        os.execve(job['command'][0], job['command'], dict(os.environ))
    except OSError as e:
        os.write(2, f'{job["command"][0]}: {e.strerror}\n'.encode())
        os._exit(127)


def touch_memory():
    """Does what running a program does, so that pages are copied before one waits for them."""
    code = 'import math\nclass A:\n    pass\nx = [str(i) for i in range(9)]\ntry:\n    A().x\nexcept AttributeError:\n    pass\n'
    exec(compile(code, '/tmp/main.py', 'exec', dont_inherit=True), types.ModuleType('warm').__dict__)
    json.loads('{"command": [], "megabytes": 1.5}')


def drop_capabilities():
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break
    libc.prctl(PR_CAP_AMBIENT, 4, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    check(libc.capset(ctypes.byref(header), ctypes.byref(nothing)), 'capset')


def set_limits(job):
    def limit(which, most, hard=None):
        resource.setrlimit(which, (most, most if hard is None else hard))

    cpu = int(job['cpuSeconds']) + 1
    limit(resource.RLIMIT_CPU, cpu, cpu + 1)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_FSIZE, job['fileBytes'])
    limit(resource.RLIMIT_NOFILE, job['openFiles'])
    limit(resource.RLIMIT_NPROC, job['processes'] + 1)  # the keeper counts
    limit(resource.RLIMIT_STACK, 8 * MIB)
    for which in (resource.RLIMIT_MSGQUEUE, resource.RLIMIT_RTPRIO, resource.RLIMIT_MEMLOCK):
        limit(which, 0)
    if job['addressMegabytes']:
        limit(resource.RLIMIT_AS, job['addressMegabytes'] * MIB)


def run_python(path, name):
    """As `python3 NAME` would, in this interpreter, and ends the process."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main = types.ModuleType('__main__')
    main.__file__, main.__builtins__ = path, builtins
    sys.modules['__main__'] = main
    sys.argv = [name]
    sys.path.insert(0, '/tmp')
    status = 0
    try:
        with open(path, 'rb') as file:
            code = compile(file.read(), path, 'exec', dont_inherit=True)
        exec(code, main.__dict__)
    except SystemExit as e:
        status = exit_status(e.code)
    except BaseException as e:
        report(e)
        status = 1
    end(status)


def exit_status(code):
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def report(e):
    frames = e.__traceback__.tb_next  # without the frame of run_python
    try:
        sys.excepthook(type(e), e.with_traceback(frames), frames)
    except BaseException:
        os.write(2, type(e).__name__.encode() + b'\n')  # such as MemoryError


def end(status):
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except BaseException as e:
        report(e)
        status = status or 120
    try:
        sys.stderr.flush()
    finally:
        os._exit(status)


if __name__ == '__main__':
    serve()
