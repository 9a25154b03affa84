package dev.burnish.mesh.host;

import dev.burnish.files.PrivateFolder;
import dev.burnish.link.transport.SocketNetwork;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/// Where the jobs of this user are on this host.
///
/// Only what nobody else can have made is entered, so a stranger who has taken a name (in the
/// folder of temporary files that needs no right) has not taken the place: there are others, and
/// under the same beginning a further name. Whoever looks for jobs looks at all of them.
final class JobFolders {
  private static final String PROPERTY = "burnish.jobs";

  private JobFolders() {}

  /// @param folder in which it is
  /// @param name of it, and the beginning of the names next to it
  private record Place(Path folder, String name) {
    Path path() {
      return folder.resolve(name);
    }

    /// The name alone, or more after it.
    List<Path> all() {
      try (Stream<Path> all = Files.list(folder)) {
        return all.filter(path -> isOurs(path.getFileName().toString())).sorted().toList();
      } catch (IOException | UncheckedIOException e) {
        return List.of();
      }
    }

    private boolean isOurs(String other) {
      return other.equals(name) || other.startsWith(name + "-");
    }
  }

  /// The best first. A name holds the number of the user, who may have no name.
  private static List<Place> places() {
    String own = "burnish-" + PrivateFolder.user();
    Optional<Path> set = Optional.ofNullable(System.getProperty(PROPERTY)).map(Path::of);
    if (set.isPresent()) {
      return List.of(new Place(set.get(), own));
    }
    Set<Place> places = new LinkedHashSet<>();
    Optional.ofNullable(System.getenv("XDG_RUNTIME_DIR"))
        .map(Path::of)
        .filter(Path::isAbsolute)
        .flatMap(PrivateFolder::at)
        .ifPresent(folder -> places.add(new Place(folder.path(), "burnish")));
    places.add(new Place(Path.of(System.getProperty("java.io.tmpdir")), own));
    places.add(new Place(Path.of("/tmp"), own));
    places.add(new Place(Path.of("/dev/shm"), own));
    return List.copyOf(places);
  }

  /// Where a new job of this user is to be; made if there is none yet.
  ///
  /// @param name as long as that of the job's folder can be
  /// @throws IOException if none of the places can be used, with what is wrong with each
  static PrivateFolder forNew(String name) throws IOException {
    List<String> faults = new ArrayList<>();
    for (Place place : places()) {
      try {
        return in(place, name);
      } catch (IOException | UnsupportedOperationException e) {
        faults.add(e.getMessage() == null ? e.toString() : e.getMessage());
      }
    }
    throw new IOException(
        "a job has a folder that only its user can have made: %s; set -D%s to a short folder in which nobody else can rename"
            .formatted(String.join("; ", faults), PROPERTY));
  }

  private static PrivateFolder in(Place place, String name) throws IOException {
    if (!Files.isDirectory(place.folder()) && System.getProperty(PROPERTY) == null) {
      throw new IOException("there is no such folder: folder=" + place.folder());
    }
    checkLength(place.path(), name);
    PrivateFolder made = taken(place);
    checkLength(made.path(), name);
    return made;
  }

  private static void checkLength(Path base, String name) throws IOException {
    if (!SocketNetwork.fits(base.resolve(name))) {
      throw new IOException("the path is too long for sockets: folder=" + base.resolve(name));
    }
  }

  private static PrivateFolder taken(Place place) throws IOException {
    try {
      return PrivateFolder.make(place.path());
    } catch (IOException e) {
      Optional<PrivateFolder> beside =
          place.all().stream().flatMap(path -> PrivateFolder.at(path).stream()).findFirst();
      return beside.isPresent() ? beside.get() : beside(place);
    }
  }

  /// A stranger has the name: a further one that nobody knows before.
  private static PrivateFolder beside(Place place) throws IOException {
    String random = UUID.randomUUID().toString().substring(0, 8);
    return PrivateFolder.make(place.folder().resolve(place.name() + "-" + random));
  }

  /// All folders in which jobs of this user can be.
  static List<PrivateFolder> all() {
    Set<PrivateFolder> all = new LinkedHashSet<>();
    List<Place> places = new ArrayList<>(places());
    if (System.getProperty(PROPERTY) == null) {
      // Where a session has it, whatever is said to this process.
      places.add(new Place(Path.of("/run/user/" + PrivateFolder.user()), "burnish"));
    }
    for (Place place : places) {
      place.all().forEach(path -> PrivateFolder.at(path).ifPresent(all::add));
    }
    return List.copyOf(all);
  }
}
