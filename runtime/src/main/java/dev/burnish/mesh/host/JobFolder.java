package dev.burnish.mesh.host;

import dev.burnish.files.PrivateFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The folder of a job on a host, which only its user can enter: sockets, and the data for `burnish
/// ps`.
///
/// Its process holds a lock on a file in it as long as it lives, so that every other process sees
/// whether it does: a process number may be used again, but the operating system releases a lock in
/// any case. Folders whose process is gone are removed by the next process that looks.
public final class JobFolder implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(JobFolder.class.getName());
  private static final String LOCK = "alive";
  private static final int MOST = 1000;

  /// The locks of this process. The operating system releases a lock when its process closes the
  /// file, through whatever channel: so this process never opens a file that it has locked, and
  /// checks while holding this.
  private static final Map<Path, FileChannel> HELD = new HashMap<>();

  static {
    // In whichever way this process is told to end.
    Runtime.getRuntime().addShutdownHook(new Thread(JobFolder::closeAll, "burnish-folders"));
  }

  private final PrivateFolder folder;

  private JobFolder(PrivateFolder folder) {
    this.folder = folder;
  }

  /// Where a new job of this user would be.
  ///
  /// @throws UncheckedIOException if there is no place for it
  public static Path base() {
    try {
      return JobFolders.forNew("job").path();
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /// Creates the folder of a job; the process number makes its name unique. Removes the folders of
  /// jobs that are gone.
  ///
  /// @throws IOException if there is no place that only this user can have made
  public static JobFolder create(String job) throws IOException {
    removeDead();
    String own = job + "-" + ProcessHandle.current().pid();
    PrivateFolder base = JobFolders.forNew(own + "-" + MOST);
    for (int i = 0; i < MOST; i++) {
      String name = own + (i == 0 ? "" : "-" + i);
      try {
        PrivateFolder folder = base.newFolder(name);
        if (hold(folder)) {
          return new JobFolder(folder);
        }
      } catch (FileAlreadyExistsException e) {
        LOG.log(System.Logger.Level.DEBUG, "a job has a folder of its own: {0}", name);
      }
    }
    throw new FileAlreadyExistsException(base.path().resolve(job).toString());
  }

  /// Fails if another process has just taken the folder for an abandoned one, and removed it.
  private static boolean hold(PrivateFolder folder) throws IOException {
    synchronized (HELD) {
      Path lock = folder.path().resolve(LOCK);
      try {
        FileChannel channel =
            FileChannel.open(
                lock,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        if (channel.tryLock() != null && Files.exists(lock, LinkOption.NOFOLLOW_LINKS)) {
          HELD.put(folder.path(), channel);
          return true;
        }
        channel.close();
        return false;
      } catch (NoSuchFileException e) {
        return false;
      }
    }
  }

  /// The folder of a running job.
  static Optional<PrivateFolder> ofLiving(String job) {
    return JobFolders.all().stream()
        .flatMap(base -> base.folder(job).stream())
        .filter(JobFolder::lives)
        .findFirst();
  }

  /// Whether its process is running. A folder whose process is gone is removed.
  static boolean lives(PrivateFolder folder) {
    synchronized (HELD) {
      if (HELD.containsKey(folder.path())) {
        return true;
      }
      try {
        return livesElsewhere(folder);
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "a folder that goes away: {0}", e.toString());
        return false;
      }
    }
  }

  private static boolean livesElsewhere(PrivateFolder folder) throws IOException {
    if (!folder.hasFile(LOCK)) {
      empty(folder);
      Files.deleteIfExists(folder.path());
      return false;
    }
    try (FileChannel channel =
        FileChannel.open(
            folder.path().resolve(LOCK), StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
      if (channel.tryLock() == null) {
        return true;
      }
      remove(folder);
      return false;
    }
  }

  /// The folders of jobs of this user whose process is gone, as they are: the next process that
  /// looks for jobs removes them.
  public static List<Path> abandoned() {
    List<Path> abandoned = new ArrayList<>();
    for (PrivateFolder base : JobFolders.all()) {
      try {
        base.names().stream()
            .flatMap(name -> base.folder(name).stream())
            .filter(JobFolder::isAbandoned)
            .forEach(folder -> abandoned.add(folder.path()));
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "a folder of jobs", e);
      }
    }
    return abandoned;
  }

  /// One without a lock is being made, or goes away.
  private static boolean isAbandoned(PrivateFolder folder) {
    synchronized (HELD) {
      if (HELD.containsKey(folder.path())) {
        return false;
      }
      try {
        if (!folder.hasFile(LOCK)) {
          return false;
        }
        Path lock = folder.path().resolve(LOCK);
        try (FileChannel channel =
            FileChannel.open(lock, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
          return channel.tryLock() != null;
        }
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "a folder that goes away: {0}", e.toString());
        return false;
      }
    }
  }

  /// Done only by the holder of the lock, which is removed last.
  private static void remove(PrivateFolder folder) throws IOException {
    empty(folder);
    folder.delete(LOCK);
    Files.deleteIfExists(folder.path());
  }

  /// Leaves the lock: a job that begins right now creates it first.
  private static void empty(PrivateFolder folder) throws IOException {
    for (String name : folder.names()) {
      if (!name.equals(LOCK)) {
        folder.delete(name);
      }
    }
  }

  private static void removeDead() {
    for (PrivateFolder base : JobFolders.all()) {
      try {
        base.names().forEach(name -> base.folder(name).ifPresent(JobFolder::lives));
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "a folder of jobs", e);
      }
    }
  }

  private static void closeAll() {
    List<Path> held;
    synchronized (HELD) {
      held = List.copyOf(HELD.keySet());
    }
    held.forEach(path -> new JobFolder(new PrivateFolder(path)).close());
  }

  /// Where it is.
  public Path path() {
    return folder.path();
  }

  /// The name of the job and its process.
  public String name() {
    return path().getFileName().toString();
  }

  /// The folder itself, for its entries.
  PrivateFolder content() {
    return folder;
  }

  /// Removes the folder; the processes of the job have ended. Done at the end of this process in
  /// any case.
  @Override
  public void close() {
    synchronized (HELD) {
      try (FileChannel held = HELD.remove(path())) {
        if (held != null) {
          remove(folder);
        }
      } catch (NoSuchFileException | DirectoryNotEmptyException e) {
        LOG.log(System.Logger.Level.DEBUG, "the folder of a job", e);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot remove the folder of a job", e);
      }
    }
  }
}
