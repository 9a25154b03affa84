"""Tries to get out of a sandbox, or to leave something behind, and says of each attempt how it went.

Prints a line `blocked NAME REASON` or `ESCAPED NAME DETAIL` per attempt. With `after` as its input it
looks for what an earlier run in another sandbox has left.
"""

import ctypes, errno, mmap, os, platform, resource, signal, socket, stat, struct, sys, threading, time

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
X86 = platform.machine() == 'x86_64'
MARK = 'burnish-escape-probe'
attempts = []
HOST_FOLDERS = ['home', 'root', 'var', 'run', 'sys', 'srv', 'mnt', 'media', 'boot', 'work', 'data', 'snap', 'lost+found']


class Escaped(Exception):
    pass


def attempt(function):
    attempts.append((function.__name__, function))
    return function


def each(name, values, action):
    """One attempt per value."""
    for label, value in values:
        attempts.append((f'{name}_{label}', lambda value=value: action(value)))


def must_fail(result, detail=''):
    if result >= 0:
        raise Escaped(detail or f'returned {result}')
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def call(x86, arm, *arguments):
    number = x86 if X86 else arm
    if number is None:
        raise OSError(errno.ENOSYS, 'not on this architecture')
    return libc.syscall(ctypes.c_long(number), *[a if isinstance(a, (bytes, ctypes.Array, ctypes.Structure, type(None))) or hasattr(a, '_obj') else ctypes.c_long(a) for a in arguments])


def in_child(action):
    """Runs in a fork, so that what kills or changes a process does so to no more than that one."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            action()
            text = b'ESCAPED'
        except OSError as e:
            text = (e.strerror or 'OSError').encode()
        except Escaped as e:
            text = b'ESCAPED ' + str(e).encode()
        except BaseException as e:
            text = type(e).__name__.encode()
        os.write(write, text)
        os._exit(0)
    os.close(write)
    said = os.read(read, 4096).decode()
    os.close(read)
    _, status = os.waitpid(child, 0)
    if said.startswith('ESCAPED'):
        raise Escaped(said[8:] or 'done')
    raise OSError(errno.EPERM, said or f'died with status {status}')


# --- files of the host -----------------------------------------------------------------------------


def read_file(path):
    with open(path, 'rb') as file:
        raise Escaped(f'read {len(file.read(64))} bytes')


def write_file(path):
    with open(path, 'ab') as file:
        file.write(b'x')
        file.flush()
        raise Escaped('written')


each('read', [(p.strip('/').replace('/', '_'), p) for p in (
    '/etc/shadow', '/etc/hosts', '/etc/hostname', '/etc/machine-id', '/etc/ssh/sshd_config', '/proc/kcore', '/proc/kallsyms',
    '/proc/keys', '/proc/modules', '/proc/cmdline', '/proc/cpuinfo', '/proc/sched_debug', '/proc/timer_list', '/proc/iomem',
    '/proc/config.gz', '/proc/kmsg', '/proc/1/environ', '/proc/1/mem', '/proc/1/maps', '/proc/1/stack', '/proc/1/auxv',
    '/dev/mem', '/dev/kmsg', '/dev/kvm', '/dev/fuse', '/dev/tty', '/dev/ptmx', '/dev/vsock', '/dev/sda', '/dev/vda',
    '/dev/nvidia0', '/dev/net/tun', '/dev/loop0', '/dev/console', '/dev/urandom_seed')], read_file)
each('write', [(p.strip('/').replace('/', '_'), p) for p in (
    '/escape', '/usr/bin/python3', '/usr/bin/escape', '/usr/lib/escape', '/etc/passwd', '/etc/escape', '/dev/escape',
    '/opt/java/escape', '/proc/sys/kernel/core_pattern', '/proc/sys/kernel/hostname', '/proc/sys/vm/drop_caches',
    '/proc/sys/user/max_user_namespaces', '/proc/sysrq-trigger', '/proc/self/oom_score_adj', '/proc/self/uid_map',
    '/proc/self/gid_map', '/proc/self/setgroups', '/proc/self/timens_offsets', '/proc/self/loginuid', '/proc/self/attr/current',
    '/proc/1/oom_score_adj', '/proc/1/mem', '/proc/1/clear_refs', '/sys/fs/cgroup/cgroup.procs', '/sys/kernel/mm/ksm/run',
    '/proc/irq/default_smp_affinity', '/proc/fs/escape')], write_file)


@attempt
def see_folders_of_the_host():
    found = [name for name in os.listdir('/') if name in HOST_FOLDERS]
    if found:
        raise Escaped(' '.join(found))
    raise OSError(errno.ENOENT, 'only ' + ' '.join(sorted(os.listdir('/'))))


@attempt
def see_settings_of_the_host():
    known = {'passwd', 'ld.so.cache', 'alternatives'}
    found = [name for name in os.listdir('/etc') if name not in known and not name.startswith('java')]
    if found:
        raise Escaped(' '.join(found))
    raise OSError(errno.ENOENT, 'only the list of libraries')


@attempt
def see_devices():
    known = {'null', 'zero', 'full', 'random', 'urandom', 'fd', 'stdin', 'stdout', 'stderr', 'shm'}
    found = [name for name in os.listdir('/dev') if name not in known]
    if found:
        raise Escaped(' '.join(found))
    raise OSError(errno.ENOENT, 'no other device')


@attempt
def leave_by_symbolic_links():
    for number, target in enumerate(('/etc/shadow', '/../../../../etc/shadow', '/proc/1/root/etc/shadow', '/proc/self/root/../../etc/shadow', '/root', '/home')):
        link = f'/tmp/link{number}'
        os.symlink(target, link)
        try:
            os.stat(link)
        except OSError:
            continue
        raise Escaped(target)
    raise OSError(errno.ENOENT, 'they lead nowhere')


@attempt
def leave_by_working_directory():
    os.chdir('/')
    for _ in range(20):
        os.chdir('..')
    found = [name for name in os.listdir('.') if name in HOST_FOLDERS]
    os.chdir('/tmp')
    if found:
        raise Escaped(' '.join(found))
    raise OSError(errno.ENOENT, 'the root is the root')


@attempt
def link_a_program_of_the_host():
    os.link('/usr/bin/env', '/tmp/hard')
    raise Escaped('linked')


each('change', [
    ('mode', lambda: os.chmod('/usr/bin/env', 0o777)),
    ('owner', lambda: os.chown('/usr/bin/env', 1000, 1000)),
    ('times', lambda: os.utime('/usr/bin/env')),
    ('attributes', lambda: os.setxattr('/usr/bin/env', 'user.escape', b'x')),
    ('name', lambda: os.rename('/usr/bin/env', '/usr/bin/env2')),
    ('size', lambda: os.truncate('/usr/bin/env', 0)),
    ('mode_of_devices', lambda: os.chmod('/dev/null', 0o600)),
    ('folder_of_devices', lambda: os.unlink('/dev/null')),
], lambda action: (action(), must_fail(0)))


@attempt
def use_programs_with_set_user_id():
    weak = []
    with open('/proc/self/mountinfo') as file:
        for line in file:
            fields = line.split()
            if 'nosuid' not in fields[5].split(','):
                weak.append(fields[4])
    if weak:
        raise Escaped('mounts without nosuid: ' + ' '.join(weak))
    raise OSError(errno.EPERM, 'all mounts are nosuid')


@attempt
def see_mounts_that_can_be_written():
    options = {}  # of the last mount at each point, which covers those before
    with open('/proc/self/mountinfo') as file:
        for line in file:
            fields = line.split()
            options[fields[4]] = fields[5].split(',')
    known = {'/tmp', '/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom'}
    free = [point for point, flags in options.items() if 'ro' not in flags and point not in known]
    if free:
        raise Escaped(' '.join(free))
    raise OSError(errno.EROFS, 'only /tmp')


# --- mounts and namespaces -------------------------------------------------------------------------

each('mount', [
    ('tmpfs', lambda: libc.mount(b'x', b'/tmp', b'tmpfs', 0, None)),
    ('proc', lambda: libc.mount(b'x', b'/tmp', b'proc', 0, None)),
    ('bind', lambda: libc.mount(b'/usr', b'/tmp', None, 4096, None)),
    ('remount', lambda: libc.mount(None, b'/', None, 32 | 4096, None)),
    ('umount', lambda: libc.umount2(b'/tmp', 2)),
    ('fsopen', lambda: call(430, 430, b'tmpfs', 0)),
    ('open_tree', lambda: call(428, 428, -100, b'/', 1)),
    ('move_mount', lambda: call(429, 429, -100, b'/tmp', -100, b'/dev', 0)),
    ('mount_setattr', lambda: call(442, 442, -100, b'/', 0, None, 0)),
    ('fspick', lambda: call(433, 433, -100, b'/', 0)),
    ('pivot_root', lambda: call(155, 41, b'/tmp', b'/tmp')),
    ('chroot', lambda: libc.chroot(b'/tmp')),
    ('swapon', lambda: libc.swapon(b'/tmp/main.py', 0)),
], lambda action: must_fail(action()))

NAMESPACES = [('user', 0x10000000), ('mount', 0x20000), ('process', 0x20000000), ('network', 0x40000000), ('ipc', 0x08000000),
              ('uts', 0x04000000), ('cgroup', 0x02000000), ('time', 0x80)]
each('unshare', NAMESPACES, lambda flag: in_child(lambda: must_fail(libc.unshare(flag))))


@attempt
def clone_into_a_user_namespace():
    def action():
        child = call(56, 220, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        must_fail(child)
    in_child(action)


@attempt
def clone3_into_a_user_namespace():
    def action():
        arguments = ctypes.create_string_buffer(struct.pack('<11Q', 0x10000000, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, 0), 88)
        child = call(435, 435, arguments, 88)
        if child == 0:
            os._exit(0)
        must_fail(child)
    in_child(action)


each('enter_namespace', [(n, n) for n in ('mnt', 'user', 'pid', 'net', 'ipc', 'uts', 'cgroup')],
     lambda name: must_fail(libc.setns(os.open(f'/proc/1/ns/{name}', os.O_RDONLY), 0)))


# --- other processes --------------------------------------------------------------------------------


@attempt
def see_other_processes():
    seen = [name for name in os.listdir('/proc') if name.isdigit() and int(name) not in (1, os.getpid())]
    if seen:
        raise Escaped(' '.join(seen))
    raise OSError(errno.ESRCH, 'only its own')


each('descriptors_of_the_keeper', [('fd', '/proc/1/fd'), ('map_files', '/proc/1/map_files'), ('root', '/proc/1/root/'), ('cwd', '/proc/1/cwd/')],
     lambda path: must_fail(len(os.listdir(path)), path))

iovec = (ctypes.c_ulong * 2)(0, 8)
each('reach_the_keeper', [
    ('ptrace_attach', lambda: libc.ptrace(16, 1, 0, 0)),
    ('ptrace_seize', lambda: libc.ptrace(0x4206, 1, 0, 0)),
    ('process_vm_readv', lambda: call(310, 270, 1, iovec, 1, iovec, 1, 0)),
    ('process_vm_writev', lambda: call(311, 271, 1, iovec, 1, iovec, 1, 0)),
    ('kcmp', lambda: call(312, 272, 1, os.getpid(), 0, 0, 0)),
    ('pidfd_open', lambda: call(434, 434, 1, 0)),
    ('pidfd_getfd', lambda: call(438, 438, 0, 0, 0)),
    ('process_madvise', lambda: call(440, 440, 0, iovec, 1, 4, 0)),
    ('prlimit', lambda: call(302, 261, 1, resource.RLIMIT_NOFILE, (ctypes.c_ulong * 2)(0, 0), None)),
    ('priority', lambda: libc.setpriority(0, 1, 19)),
    ('io_priority', lambda: call(251, 30, 1, 1, 0)),
    ('scheduler', lambda: libc.sched_setscheduler(1, 5, (ctypes.c_int * 1)(0))),
    ('affinity', lambda: call(203, 122, 1, 8, (ctypes.c_ulong * 1)(1))),
    ('migrate_pages', lambda: call(256, 238, 1, 0, None, None)),
    ('move_pages', lambda: call(279, 239, 1, 0, None, None, None, 0)),
    ('process_mrelease', lambda: call(448, 448, 0, 0)),
], lambda action: must_fail(action()))


@attempt
def kill_the_keeper():
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGSEGV, signal.SIGCHLD, signal.SIGUSR1):
        os.kill(1, number)
    raise OSError(errno.EPERM, 'it ignores signals: this line arrives')


@attempt
def trace_a_child():
    in_child(lambda: must_fail(libc.ptrace(0, 0, 0, 0)))


@attempt
def leave_a_daemon():
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 3)
            time.sleep(600)
        os._exit(0)
    os.waitpid(child, 0)
    raise OSError(errno.ESRCH, 'the next run looks for it')


# --- the kernel ---------------------------------------------------------------------------------------

each('kernel', [
    ('bpf', lambda: call(321, 280, 0, None, 0)),
    ('perf_event_open', lambda: call(298, 241, ctypes.create_string_buffer(struct.pack('<IIQ', 1, 112, 0), 112), 0, -1, -1, 0)),
    ('userfaultfd', lambda: call(323, 282, 1)),
    ('io_uring_setup', lambda: call(425, 425, 4, ctypes.create_string_buffer(120))),
    ('io_uring_enter', lambda: call(426, 426, 0, 0, 0, 0, None, 0)),
    ('keyctl', lambda: call(250, 219, 0, -3, 1, 0, 0)),
    ('add_key', lambda: call(248, 217, b'user', b'escape', b'x', 1, -3)),
    ('request_key', lambda: call(249, 218, b'user', b'escape', None, 0)),
    ('init_module', lambda: call(175, 105, b'', 0, b'')),
    ('finit_module', lambda: call(313, 273, 0, b'', 0)),
    ('delete_module', lambda: call(176, 106, b'escape', 0)),
    ('kexec_load', lambda: call(246, 104, 0, 0, None, 0)),
    ('kexec_file_load', lambda: call(320, 294, 0, 0, 0, b'', 0)),
    ('reboot', lambda: call(169, 142, 0xfee1dead, 672274793, 0, None)),
    ('acct', lambda: call(163, 89, b'/tmp/main.py')),
    ('quotactl', lambda: call(179, 60, 0, b'/', 0, None)),
    ('syslog', lambda: call(103, 116, 3, ctypes.create_string_buffer(64), 64)),
    ('personality', lambda: call(135, 92, 0x0040000)),
    ('iopl', lambda: call(172, None, 3)),
    ('ioperm', lambda: call(173, None, 0x80, 1, 1)),
    ('modify_ldt', lambda: call(154, None, 0, ctypes.create_string_buffer(16), 16)),
    ('name_to_handle_at', lambda: call(303, 264, -100, b'/tmp', ctypes.create_string_buffer(struct.pack('<Ii', 128, 0), 136), (ctypes.c_int * 1)(0), 0)),
    ('open_by_handle_at', lambda: call(304, 265, -100, ctypes.create_string_buffer(136), 0)),
    ('fanotify_init', lambda: call(300, 262, 0, 0)),
    ('lookup_dcookie', lambda: call(212, 18, 0, None, 0)),
    ('vhangup', lambda: call(153, 58)),
    ('memfd_create', lambda: call(319, 279, b'escape', 0)),
    ('memfd_secret', lambda: call(447, 447, 0)),
    ('seccomp_listener', lambda: call(317, 277, 1, 8, None)),
    ('mlockall', lambda: libc.mlockall(3)),
    ('set_mempolicy', lambda: call(238, 237, 0, None, 0)),
    ('sched_setattr', lambda: call(314, 274, 0, ctypes.create_string_buffer(struct.pack('<II', 48, 6), 48), 0)),
    ('real_time', lambda: libc.sched_setscheduler(0, 1, (ctypes.c_int * 1)(1))),
    ('nice', lambda: libc.setpriority(0, 0, -20)),
], lambda action: must_fail(action()))

each('clock', [
    ('settime', lambda: time.clock_settime(time.CLOCK_REALTIME, time.time())),
    ('settimeofday', lambda: must_fail(libc.settimeofday((ctypes.c_long * 2)(int(time.time()), 0), None))),
    ('adjtimex', lambda: must_fail(libc.adjtimex(ctypes.create_string_buffer(struct.pack('<I', 2), 208)))),
], lambda action: (action(), must_fail(0)))

each('name', [
    ('host', lambda: libc.sethostname(b'escape', 6)),
    ('domain', lambda: libc.setdomainname(b'escape', 6)),
], lambda action: must_fail(action()))

each('become', [
    ('root', lambda: os.setuid(0)),
    ('effective_root', lambda: os.seteuid(0)),
    ('group_root', lambda: os.setgid(0)),
    ('other_groups', lambda: os.setgroups([0])),
    ('other_user', lambda: os.setresuid(1, 1, 1)),
    ('capable', lambda: must_fail(libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(*[0xffffffff] * 6)))),
    ('ambient', lambda: must_fail(libc.prctl(47, 2, 21, 0, 0))),
    ('securebits', lambda: must_fail(libc.prctl(28, 0, 0, 0, 0))),
    ('mapped', lambda: must_fail(libc.prctl(35, 1, 0, 0, 0))),
    ('privileged_again', lambda: must_fail(libc.prctl(38, 0, 0, 0, 0))),
    ('without_filter', lambda: must_fail(libc.prctl(22, 0, 0, 0, 0))),
], lambda action: (action(), must_fail(0)))


@attempt
def have_capabilities():
    with open('/proc/self/status') as file:
        lines = dict(line.split(':\t', 1) for line in file)
    held = [name for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb') if int(lines[name], 16)]
    if held or lines['NoNewPrivs'].strip() != '1' or lines['Seccomp'].strip() != '2':
        raise Escaped(' '.join(held) + ' ' + lines['NoNewPrivs'].strip() + lines['Seccomp'].strip())
    raise OSError(errno.EPERM, 'none, and no way to get one')


@attempt
def be_a_user_of_the_host():
    if os.getuid() == 0 or os.geteuid() == 0 or os.getgid() == 0 or 0 in os.getgroups():
        raise Escaped('root')
    raise OSError(errno.EPERM, f'user {os.getuid()}')


@attempt
def call_as_x32():
    if not X86:
        raise OSError(errno.ENOSYS, 'not on this architecture')
    in_child(lambda: must_fail(libc.syscall(ctypes.c_long(0x40000000 + 39))))


@attempt
def call_as_i386():
    if not X86:
        raise OSError(errno.ENOSYS, 'not on this architecture')

    def action():
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(b'\xb8\x14\x00\x00\x00\xcd\x80\xc3')  # getpid by int 0x80
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        must_fail(ctypes.CFUNCTYPE(ctypes.c_int)(address)())
    in_child(action)


each('device', [
    ('memory', lambda: os.mknod('/tmp/mem', 0o600 | stat.S_IFCHR, os.makedev(1, 1))),
    ('disk', lambda: os.mknod('/tmp/disk', 0o600 | stat.S_IFBLK, os.makedev(254, 0))),
    ('type_into_terminal', lambda: __import__('fcntl').ioctl(0, 0x5412, b'x')),
    ('paste_into_terminal', lambda: __import__('fcntl').ioctl(0, 0x541C, b'\x03')),
    ('line_discipline', lambda: __import__('fcntl').ioctl(0, 0x5423, b'\x00' * 4)),
    ('terminal', lambda: os.openpty()),
    ('controlling_terminal', lambda: os.open('/dev/tty', os.O_RDWR)),
], lambda action: (action(), must_fail(0)))


# --- network and sockets -----------------------------------------------------------------------------


def open_socket(family):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            with socket.socket(family, kind):
                raise Escaped(f'family {family} type {kind}')
        except OSError as e:
            failed = e
    raise failed


each('socket', [('inet', 2), ('inet6', 10), ('netlink', 16), ('packet', 17), ('vsock', 40), ('alg', 38), ('key', 15), ('bluetooth', 31),
                ('can', 29), ('tipc', 30), ('xdp', 44), ('qrtr', 42), ('smc', 43), ('kcm', 41), ('rds', 21), ('ax25', 3), ('ppp', 24)], open_socket)


@attempt
def connect_to_the_internet():
    with socket.create_connection(('1.1.1.1', 53), 0.2):
        raise Escaped('connected')


@attempt
def connect_to_this_host():
    with socket.create_connection(('127.0.0.1', 22), 0.2):
        raise Escaped('connected')


@attempt
def see_network_interfaces():
    with open('/proc/self/net/dev') as file:
        found = [line.split(':')[0].strip() for line in file if ':' in line and not line.strip().startswith('lo:')]
    if found:
        raise Escaped(' '.join(found))
    raise OSError(errno.ENODEV, 'none')


@attempt
def see_sockets_of_others():
    with open('/proc/self/net/unix') as file:
        found = [line.split()[7] for line in list(file)[1:] if len(line.split()) > 7]
    if found:
        raise Escaped(' '.join(found))
    raise OSError(errno.ENOENT, 'none has a name')


each('connect', [(p.replace('/', '_').strip('_').replace('.', '_'), p) for p in (
    '/run/docker.sock', '/var/run/docker.sock', '/run/dbus/system_bus_socket', '/run/systemd/private', '/tmp/.X11-unix/X0',
    '/run/containerd/containerd.sock', '/tmp/link/socket', '/run/user/0/bus')],
    lambda path: must_fail(socket.socket(socket.AF_UNIX).connect(path) or 0))


@attempt
def leave_an_abstract_socket():
    server = socket.socket(socket.AF_UNIX)
    server.bind('\0' + MARK)
    server.listen()
    raise OSError(errno.ENOENT, 'the next run looks for it')


# --- descriptors, environment, memory of others -----------------------------------------------------------


@attempt
def use_inherited_descriptors():
    found = []
    for number in range(3, 1024):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(f'{number}:{os.readlink("/proc/self/fd/%d" % number)}')
    kinds = [number for number in range(3) if not stat.S_ISFIFO(os.fstat(number).st_mode)]
    if found or kinds:
        raise Escaped(f'{found} {kinds}')
    raise OSError(errno.EBADF, 'three pipes')


attempts.insert(0, attempts.pop())  # before others open descriptors


@attempt
def read_environment_of_the_host():
    known = {'PATH', 'HOME', 'TMPDIR', 'USER', 'LANG', 'TZ', 'JAVA_HOME', 'PYTHONHASHSEED', 'PYTHONDONTWRITEBYTECODE', 'PWD', 'LC_CTYPE'}
    found = [name for name in os.environ if name not in known]
    if found:
        raise Escaped(' '.join(found))
    raise OSError(errno.ENOENT, 'only its own')


each('share_memory', [
    ('shmget', lambda: call(29, 194, 0x6275726e, 4096, 0o1666)),
    ('msgget', lambda: call(68, 186, 0x6275726e, 0o1666)),
    ('semget', lambda: call(64, 190, 0x6275726e, 1, 0o1666)),
    ('mq_open', lambda: call(240, 180, b'escape', 0o102, 0o666, None)),
], lambda action: must_fail(action()))


@attempt
def leave_files():
    for folder in ('/tmp', '/dev/shm'):
        with open(f'{folder}/{MARK}', 'w') as file:
            file.write(MARK)
    raise OSError(errno.ENOENT, 'the next run looks for them')


# --- limits ----------------------------------------------------------------------------------------------

each('raise_limit', [(name, getattr(resource, 'RLIMIT_' + name)) for name in ('CPU', 'CORE', 'FSIZE', 'NOFILE', 'NPROC', 'STACK', 'MEMLOCK', 'MSGQUEUE')],
     lambda which: (resource.setrlimit(which, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)), must_fail(0)))


@attempt
def dump_core():
    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):
        raise Escaped('core dumps')
    raise OSError(errno.EPERM, 'no core dumps')


@attempt
def allocate_much_memory():
    def action():
        blocks = [mmap.mmap(-1, 1 << 30) for _ in range(16)]
        raise Escaped(f'{len(blocks)} GiB')
    in_child(action)


@attempt
def open_many_files():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    opened = []
    try:
        while len(opened) <= 4096:
            opened.append(os.open('/dev/null', os.O_RDONLY))
        raise Escaped(f'{len(opened)} files')
    except OSError as e:
        raise OSError(e.errno, f'{len(opened)} of {most}')
    finally:
        for number in opened:
            os.close(number)


@attempt
def write_a_large_file():
    def action():
        written = 0
        with open('/tmp/large', 'wb', buffering=0) as file:
            while written < 1 << 30:
                written += file.write(b'\0' * (1 << 20))
        raise Escaped('1 GiB')
    try:
        in_child(action)
    finally:
        os.unlink('/tmp/large')


@attempt
def make_many_files():
    made = 0
    try:
        while made < 20_000:
            os.close(os.open(f'/tmp/file{made}', os.O_CREAT | os.O_WRONLY))
            made += 1
        raise Escaped(f'{made} files')
    except OSError as e:
        raise OSError(e.errno, f'{made} files')
    finally:
        for number in range(made):
            os.unlink(f'/tmp/file{number}')


@attempt
def fork_without_end():
    children = []
    try:
        while len(children) <= 1000:
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
        raise Escaped(f'{len(children)} processes')
    except BlockingIOError as e:
        raise OSError(e.errno, f'{len(children)} processes')
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


@attempt
def start_threads_without_end():
    stop = threading.Event()
    threads = []
    try:
        while len(threads) <= 1000:
            thread = threading.Thread(target=stop.wait)
            thread.start()
            threads.append(thread)
        raise Escaped(f'{len(threads)} threads')
    except RuntimeError:
        raise OSError(errno.EAGAIN, f'{len(threads)} threads')
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def look_after_another_run():
    """What an earlier execution may have left."""
    after = []

    def left(name, found):
        after.append((name, found))

    left('left_files', [name for folder in ('/tmp', '/dev/shm') for name in os.listdir(folder) if name != 'main.py'])
    left('left_processes', [name for name in os.listdir('/proc') if name.isdigit() and int(name) not in (1, os.getpid())])
    with open('/proc/self/net/unix') as file:
        left('left_sockets', [line for line in file if MARK in line])
    with open('/proc/sysvipc/shm') if os.path.exists('/proc/sysvipc/shm') else open('/dev/null') as file:
        left('left_shared_memory', file.read().splitlines()[1:])
    left('left_host_name', [socket.gethostname()] if socket.gethostname() != 'sandbox' else [])
    for name, found in after:
        print(f'ESCAPED {name} {found}' if found else f'blocked {name} nothing is left')


def main():
    for name, action in attempts:
        try:
            action()
            print(f'ESCAPED {name} it did not fail')
        except Escaped as e:
            print(f'ESCAPED {name} {e}')
        except OSError as e:
            print(f'blocked {name} {e.strerror or e}')
        except (ValueError, OverflowError) as e:
            print(f'blocked {name} {e}')
        sys.stdout.flush()
    print(f'done {len(attempts)}')


if sys.stdin.read().strip() == 'after':
    look_after_another_run()
    print('done 5')
else:
    main()
