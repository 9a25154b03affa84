package dev.burnish.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/// A file that tells this user whom to trust, such as a ticket: it belongs to the user, or to root
/// as in a secret of Kubernetes, and nobody else can have written it.
public final class GivenFile {
  private static final LinkOption[] FOLLOWED = {};

  private GivenFile() {}

  /// Reads the text of the file.
  ///
  /// @throws IllegalArgumentException if others can have written it
  public static String read(Path file) throws IOException {
    Owned owned = Owned.of(file, FOLLOWED);
    if ((!owned.isMine() && owned.user() != 0) || owned.isWrittenByOthers()) {
      throw new IllegalArgumentException(
          "a file that says whom to trust is this user's, and nobody else writes it: file=%s %s; make one of your own (chmod 600)"
              .formatted(file, owned.describe()));
    }
    return Files.readString(file, UTF_8);
  }
}
