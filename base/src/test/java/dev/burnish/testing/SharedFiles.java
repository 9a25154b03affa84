package dev.burnish.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/// Reference data and models that are not part of the project: looked for in `$BURNISH_DATA`,
/// `$BURNISH_MODELS` and `$BURNISH_REFERENCE`, else in `shared/data`, `shared/models`,
/// `shared/reference` next to the checkout. A test whose file is missing is skipped and says which
/// one; with `CI=true` it fails instead.
public final class SharedFiles {
  private SharedFiles() {}

  /// A file or folder of the recorded data, such as `oracle/smollm2_forward.json`.
  public static Path data(String relative) {
    return require("BURNISH_DATA", "data", relative);
  }

  /// A file or folder of the models, such as `smollm2-135m-instruct`.
  public static Path model(String relative) {
    return require("BURNISH_MODELS", "models", relative);
  }

  /// A file of the reference notes, such as `golden_losses.json`.
  public static Path reference(String relative) {
    return require("BURNISH_REFERENCE", "reference", relative);
  }

  private static Path require(String variable, String kind, String relative) {
    Optional<Path> root = root(variable, kind);
    Path path = root.map(r -> r.resolve(relative)).orElse(Path.of("shared", kind, relative));
    if (Files.exists(path)) {
      return path;
    }
    String message =
        "needs %s, which does not exist; set %s to the folder that holds it"
            .formatted(path, variable);
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionError(message);
    }
    Assumptions.abort(message);
    throw new AssertionError("unreachable");
  }

  private static Optional<Path> root(String variable, String kind) {
    String configured = System.getenv(variable);
    if (configured != null) {
      return Optional.of(Path.of(configured));
    }
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      Path candidate = folder.resolve("shared").resolve(kind);
      if (Files.isDirectory(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }
}
