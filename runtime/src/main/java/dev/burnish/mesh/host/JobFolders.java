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

/// The places of this user's jobs on this host.
///
/// Only folders that nobody else can have made are entered, so a stranger who has taken a name (in
/// the folder of temporary files that needs no permission) has not taken the place: there are
/// others, and another name with the same prefix. A search for jobs covers all of them.
final class JobFolders {
  private static final String PROPERTY = "burnish.jobs";

  private JobFolders() {}

  /// @param folder that contains it
  /// @param name its name, and the prefix of the names next to it
  private record Place(Path folder, String name) {
    Path path() {
      return folder.resolve(name);
    }

    /// All folders with the name alone, or with a suffix.
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

  /// The places, the best first. A name holds the user id, as the user may have no name.
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

  /// The place for a new job of this user; created if there is none yet.
  ///
  /// @param name of the greatest length that the name of the job's folder can have
  /// @throws IOException if none of the places can be used, with the reason for each
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

  /// Creates a folder under an unpredictable name, where a stranger has taken the usual one.
  private static PrivateFolder beside(Place place) throws IOException {
    String random = UUID.randomUUID().toString().substring(0, 8);
    return PrivateFolder.make(place.folder().resolve(place.name() + "-" + random));
  }

  /// All folders in which jobs of this user can be.
  static List<PrivateFolder> all() {
    Set<PrivateFolder> all = new LinkedHashSet<>();
    List<Place> places = new ArrayList<>(places());
    if (System.getProperty(PROPERTY) == null) {
      // The place of a login session, whatever the environment of this process is.
      places.add(new Place(Path.of("/run/user/" + PrivateFolder.user()), "burnish"));
    }
    for (Place place : places) {
      place.all().forEach(path -> PrivateFolder.at(path).ifPresent(all::add));
    }
    return List.copyOf(all);
  }
}
