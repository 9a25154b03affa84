package dev.burnish;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/// Checks the packages against the table of ARCHITECTURE.md: reads the compiled classes of every
/// module and follows each mention of another package of ours.
class ArchitectureTest {
  private static final Path ROOT = Path.of("..");
  private static final List<String> MODULES =
      List.of("base", "runtime", "text", "tensor", "forge", "serve", "mcp", "bench");

  /// The modules that are compiled after these tests.
  private static final Set<String> LATER = Set.of("serve", "mcp", "bench");

  private static final Path CLASSES = classesFolder();
  private static final int MAX_FILES = 20;
  private static final String ROOT_PACKAGE = "burnish";

  private static final Pattern ROW =
      Pattern.compile("\\| `(\\w+)` \\| (\\w+) \\| ([^|]*) \\|(.*)\\|");
  private static final Pattern LARGE = Pattern.compile("\\| `([\\w.]+)` \\| ([^|]+) \\|");
  private static final Pattern NAMED = Pattern.compile("`([\\w.]+)`");
  private static final Pattern OURS = Pattern.compile("dev/burnish/((?:[a-z]+/)*)[A-Z]");

  /// A package's module and the packages that it may use.
  ///
  /// @param toCome whether it is a plan
  private record Row(String module, Set<String> allowed, boolean toCome) {}

  @Test
  void thePackagesUseWhatTheTableSaysAndNothingElse() throws IOException {
    Map<String, Set<String>> used = new TreeMap<>();
    uses()
        .forEach((name, others) ->
            others.stream()
                .map(ArchitectureTest::top)
                .filter(other -> !other.equals(top(name)))
                .forEach(used.computeIfAbsent(top(name), _ -> new TreeSet<>())::add));
    Map<String, Set<String>> allowed = new TreeMap<>();
    table()
        .forEach((name, row) -> {
          // The modules after this one have no classes yet in a clean build.
          if (!row.toCome() && Files.isDirectory(ROOT.resolve(row.module()).resolve(CLASSES))) {
            allowed.put(name, row.allowed());
          }
        });
    assertThat(used).as("uses, beside those that ARCHITECTURE.md allows").isEqualTo(allowed);
  }

  @Test
  void everyPackageIsInTheTable() throws IOException {
    assertThat(table().keySet()).containsAll(packages().keySet());
  }

  @Test
  void everyPackageIsInItsModule() throws IOException {
    Map<String, Row> table = table();
    packages()
        .forEach(
            (name, module) -> assertThat(row(table, name).module()).as(name).isEqualTo(module));
  }

  @Test
  void noPackagesDependOnEachOtherInACircle() throws IOException {
    assertThat(circle(uses())).as("packages that depend on each other in a circle").isEmpty();
    Map<String, Set<String>> table = new TreeMap<>();
    table().forEach((name, row) -> table.put(name, row.allowed()));
    assertThat(circle(table)).as("the same in the table").isEmpty();
  }

  @Test
  void aCircleIsSeen() {
    Map<String, Set<String>> uses =
        Map.of("a", Set.of("b", "c"), "b", Set.of("b.x"), "b.x", Set.of("a"), "c", Set.of());
    assertThat(circle(uses)).containsExactlyInAnyOrder("a", "b", "b.x");
  }

  /// The packages that remain when those that use none of the remaining ones are removed
  /// repeatedly.
  private static Set<String> circle(Map<String, Set<String>> uses) {
    Set<String> left = new TreeSet<>(uses.keySet());
    while (left.removeIf(
        name -> uses.getOrDefault(name, Set.of()).stream().noneMatch(left::contains))) {}
    return left;
  }

  @Test
  void engineAndTrainDoNotKnowEachOther() throws IOException {
    assertThat(row(table(), "engine").allowed()).doesNotContain("train");
    assertThat(row(table(), "train").allowed()).doesNotContain("engine");
  }

  @Test
  void largePackagesHaveAReason() throws IOException {
    Set<String> large = new TreeSet<>();
    for (String module : MODULES) {
      for (Path folder : sourcePackages(module)) {
        try (Stream<Path> files = Files.list(folder)) {
          if (files.filter(f -> f.toString().endsWith(".java")).count() > MAX_FILES) {
            large.add(name(module, folder));
          }
        }
      }
    }
    Set<String> answered = new TreeSet<>();
    String architecture = Files.readString(ROOT.resolve("ARCHITECTURE.md"));
    String answers = architecture.substring(architecture.indexOf("| large package |"));
    LARGE
        .matcher(answers.substring(0, answers.indexOf("\n\n")))
        .results()
        .forEach(row -> answered.add(row.group(1)));
    assertThat(large)
        .as("packages of more than %d files, beside those that ARCHITECTURE.md explains", MAX_FILES)
        .isEqualTo(answered);
  }

  @Test
  void theReaderOfClassesSeesUses() throws IOException {
    assertThat(uses().get("cli")).contains("config", "mesh.host", "script", ROOT_PACKAGE);
  }

  /// A type is public since another package of the product uses it, or the signature of a public
  /// member needs it, or it is an exception that leaves its package. ARCHITECTURE.md names the rest
  /// and for whom they are. Benchmarks are public for their framework.
  @Test
  void whatIsPublicHasAUser() throws IOException {
    PublicTypes types = new PublicTypes();
    // What only a module uses that is compiled after these tests has a row of its own.
    for (String module : MODULES.stream().filter(name -> !LATER.contains(name)).toList()) {
      Path classes = ROOT.resolve(module).resolve(CLASSES);
      if (Files.isDirectory(classes)) {
        try (Stream<Path> files = Files.walk(classes)) {
          for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
            types.add(ClassFile.of().parse(file));
          }
        }
      }
    }
    Set<String> named = new TreeSet<>();
    String architecture = Files.readString(ROOT.resolve("ARCHITECTURE.md"));
    String table = architecture.substring(architecture.indexOf("| public for |"));
    NAMED
        .matcher(table.substring(0, table.indexOf("\n\n")))
        .results()
        .forEach(name -> named.add(name.group(1)));
    assertThat(types.withoutUsers())
        .as("public types without a user, beside those that ARCHITECTURE.md names")
        .containsExactlyElementsOf(named);
  }

  private static Map<String, Row> table() throws IOException {
    Map<String, Row> table = new TreeMap<>();
    for (String line : Files.readAllLines(ROOT.resolve("ARCHITECTURE.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        Set<String> allowed =
            Stream.of(row.group(3).split("[,\\s`-]+", -1))
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new));
        boolean toCome = row.group(4).contains("(to come)");
        table.put(row.group(1), new Row(row.group(2), allowed, toCome));
      }
    }
    assertThat(table).as("rows of ARCHITECTURE.md").hasSizeGreaterThan(15);
    return table;
  }

  /// The folder of this build's classes, relative to a module: `target/classes` or below
  /// `target/quick`.
  private static Path classesFolder() {
    URI classes =
        URI.create(
            ArchitectureTest.class.getProtectionDomain().getCodeSource().getLocation().toString());
    return Path.of("").toAbsolutePath().relativize(Path.of(classes)).resolveSibling("classes");
  }

  private static Row row(Map<String, Row> table, String name) {
    Row row = table.get(name);
    return row == null ? new Row("(not in the table)", Set.of(), false) : row;
  }

  /// Each first-level package that has sources, with its module.
  private static Map<String, String> packages() throws IOException {
    Map<String, String> packages = new TreeMap<>();
    for (String module : MODULES) {
      for (Path folder : sourcePackages(module)) {
        packages.put(top(name(module, folder)), module);
      }
    }
    return packages;
  }

  /// All folders with sources, sub-packages and the root among them.
  private static List<Path> sourcePackages(String module) throws IOException {
    Path sources = sources(module);
    if (!Files.isDirectory(sources)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(sources)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .map(Path::getParent)
          .distinct()
          .toList();
    }
  }

  private static Path sources(String module) {
    return ROOT.resolve(module).resolve("src/main/java/dev/burnish");
  }

  /// Such as `mesh.host`.
  private static String name(String module, Path folder) {
    return name(sources(module).relativize(folder).toString());
  }

  /// @param path such as `mesh/host`, empty for the root
  private static String name(String path) {
    return path.isEmpty() ? ROOT_PACKAGE : path.replace('/', '.').replaceAll("\\.$", "");
  }

  private static String top(String name) {
    return name.replaceAll("\\..*", "");
  }

  /// Each package of ours with those of ours that its classes mention.
  private static Map<String, Set<String>> uses() throws IOException {
    Map<String, Set<String>> uses = new TreeMap<>();
    for (String module : MODULES) {
      Path classes = ROOT.resolve(module).resolve(CLASSES);
      if (!Files.isDirectory(classes)) {
        continue;
      }
      try (Stream<Path> files = Files.walk(classes)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
          addUses(uses, ClassFile.of().parse(file));
        }
      }
    }
    return uses;
  }

  private static void addUses(Map<String, Set<String>> uses, ClassModel model) {
    Matcher user = OURS.matcher(model.thisClass().asInternalName());
    if (!user.lookingAt()) {
      return;
    }
    String name = name(user.group(1));
    Set<String> used = uses.computeIfAbsent(name, _ -> new TreeSet<>());
    StreamSupport.stream(model.constantPool().spliterator(), false)
        .map(ArchitectureTest::text)
        .forEach(text ->
            OURS.matcher(text)
                .results()
                .map(match -> name(match.group(1)))
                .filter(other -> !other.equals(name))
                .forEach(used::add));
  }

  /// Names of classes, and descriptors and signatures, where uses hide that call nothing.
  private static String text(PoolEntry entry) {
    return switch (entry) {
      case ClassEntry type -> type.asInternalName();
      case Utf8Entry utf8 when utf8.stringValue().contains("Ldev/burnish/") -> utf8.stringValue();
      default -> "";
    };
  }
}
