package dev.burnish.hub;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.files.AtomicFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/// One model in the hub's cache, in the layout of the original library: `blobs` by digest, `refs`
/// from revisions to commits, `snapshots` by commit with links to blobs.
final class HubCache {
  /// A process holds a file lock only once; its threads queue here.
  private static final Map<Path, ReentrantLock> LOCKS = new ConcurrentHashMap<>();

  private final Path root;
  private final Path lock;

  HubCache(Path cache, HubModel model) {
    this.root = cache.toAbsolutePath().resolve(model.folder());
    this.lock =
        cache.toAbsolutePath().resolve(".locks").resolve(model.folder()).resolve("burnish.lock");
  }

  /// Runs `work` while no other thread or process works on this model.
  void locked(Work work) throws IOException {
    ReentrantLock threads = LOCKS.computeIfAbsent(lock, path -> new ReentrantLock());
    threads.lock();
    try {
      Files.createDirectories(lock.resolveSibling(""));
      try (FileChannel channel =
              FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock held = channel.lock()) {
        if (!held.isValid()) {
          throw new IOException("lost lock " + lock);
        }
        work.run();
      }
    } finally {
      threads.unlock();
    }
  }

  /// Work to be done under the lock.
  interface Work {
    void run() throws IOException;
  }

  Path blob(HubFile file) throws IOException {
    Path blobs = Files.createDirectories(root.resolve("blobs"));
    return blobs.resolve(file.digest());
  }

  Path snapshot(String commit) {
    return root.resolve("snapshots").resolve(commit);
  }

  /// Whether the snapshot has the file already.
  boolean has(String commit, String name) {
    return Files.exists(snapshot(commit).resolve(name));
  }

  void link(String commit, HubFile file) throws IOException {
    Path snapshot = Files.createDirectories(snapshot(commit));
    Path link = snapshot.resolve(file.name());
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, Path.of("../../blobs").resolve(file.digest()));
  }

  /// The commit that a revision had when it was last fetched.
  Optional<String> commit(String revision) throws IOException {
    Path ref = root.resolve("refs").resolve(revision);
    if (Files.isRegularFile(ref) && Files.size(ref) < 100) {
      return Optional.of(Files.readString(ref).strip()).filter(HubCache::isCommit);
    }
    return Optional.of(revision).filter(HubCache::isCommit);
  }

  void remember(String revision, String commit) {
    if (revision.equals(commit)) {
      return;
    }
    Path ref = root.resolve("refs").resolve(revision);
    AtomicFile.write(ref, commit.getBytes(UTF_8));
  }

  static boolean isCommit(String text) {
    return text.matches("[0-9a-f]{40}");
  }
}
