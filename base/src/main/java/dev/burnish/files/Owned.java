package dev.burnish.files;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/// The owner, kind and permissions of a file system entry; for a link, those of the link.
///
/// @param mode with the bits of its kind
record Owned(int user, int group, int mode) {
  private static final int KIND = 0170000;
  private static final int FOLDER = 0040000;
  private static final int FILE = 0100000;
  private static final int SOCKET = 0140000;
  private static final int STICKY = 01000;
  private static final int WRITTEN_BY_GROUP = 0020;
  private static final int WRITTEN_BY_OTHERS = 0002;
  private static final int OF_OTHERS = 0077;

  /// The user id of this user, who may have no name.
  static int self() {
    return Self.USER;
  }

  private static final class Self {
    private static final int USER = Math.toIntExact(new UnixSystem().getUid());

    private Self() {}
  }

  static Owned of(Path path) throws IOException {
    return of(path, LinkOption.NOFOLLOW_LINKS);
  }

  static Owned of(Path path, LinkOption... options) throws IOException {
    Map<String, Object> facts = Files.readAttributes(path, "unix:uid,gid,mode", options);
    return new Owned(fact(facts, "uid"), fact(facts, "gid"), fact(facts, "mode"));
  }

  private static int fact(Map<String, Object> facts, String name) {
    return (int) Objects.requireNonNull(facts.get(name), name);
  }

  boolean isFolder() {
    return (mode & KIND) == FOLDER;
  }

  boolean isFile() {
    return (mode & KIND) == FILE;
  }

  boolean isSocket() {
    return (mode & KIND) == SOCKET;
  }

  boolean isMine() {
    return user == self();
  }

  /// Whether others have no permission on it.
  boolean isClosedToOthers() {
    return (mode & OF_OTHERS) == 0;
  }

  /// Whether strangers may put something into this folder. The group of root does not count as a
  /// stranger, nor does the one that has the number of this user, as a user's own group does.
  boolean isWrittenByOthers() {
    boolean strangers = group != 0 && group != self();
    return (mode & WRITTEN_BY_OTHERS) != 0 || (strangers && (mode & WRITTEN_BY_GROUP) != 0);
  }

  /// Whether nobody except root and this user can rename or replace what those two have in this
  /// folder.
  ///
  /// @param root the owner of the root of the file system: in some containers root has another
  ///   number
  boolean keepsWhatIsIn(int root) {
    boolean trusted = isMine() || user == 0 || user == root;
    return trusted && (!isWrittenByOthers() || (mode & STICKY) != 0);
  }

  String describe() {
    return "owner=%d mode=%04o user=%d".formatted(user, mode & ~KIND, self());
  }
}
