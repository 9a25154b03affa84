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
import java.util.ArrayList;
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

/// Holds the packages to the table of ARCHITECTURE.md: reads the compiled classes of every module
/// and follows each mention of another package of ours.
class ArchitectureTest {
  private static final Path ROOT = Path.of("..");
  private static final List<String> MODULES = List.of("runtime", "tensor", "forge", "bench");
  private static final Path CLASSES = classesFolder();
  private static final int MAX_FILES = 20;

  /// Larger packages, whose halves would have to open their internals to each other:
  /// docs/decisions.md says why.
  private static final Map<String, Integer> LARGER =
      Map.of("actor", 25, "kernel", 25, "link", 23, "safetensors", 27, "text", 30);

  private static final Pattern ROW = Pattern.compile("\\| `(\\w+)` \\| (\\w+) \\| ([^|]*) \\|.*");
  private static final Pattern OURS = Pattern.compile("dev/burnish/(\\w+)/");

  /// A package's module and the packages that it may use.
  private record Row(String module, Set<String> allowed) {}

  @Test
  void noPackageUsesWhatTheTableDoesNotAllow() throws IOException {
    Map<String, Row> table = table();
    List<String> forbidden = new ArrayList<>();
    uses()
        .forEach((user, used) ->
            used.stream()
                .filter(name -> !row(table, user).allowed().contains(name))
                .forEach(name -> forbidden.add(user + " -> " + name)));
    assertThat(forbidden).as("uses that ARCHITECTURE.md does not allow").isEmpty();
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
  void theTableHasNoCycle() throws IOException {
    Map<String, Row> table = table();
    Set<String> settled = new TreeSet<>();
    boolean progress = true;
    while (progress) {
      progress = false;
      for (Map.Entry<String, Row> row : table.entrySet()) {
        progress |= settled.containsAll(row.getValue().allowed()) && settled.add(row.getKey());
      }
    }
    assertThat(table.keySet())
        .as("packages that depend on each other in a circle")
        .isEqualTo(settled);
  }

  @Test
  void generateAndTrainDoNotKnowEachOther() throws IOException {
    assertThat(row(table(), "generate").allowed()).doesNotContain("train");
    assertThat(row(table(), "train").allowed()).doesNotContain("generate");
  }

  @Test
  void noPackageHasMoreThanTwentyFiles() throws IOException {
    Map<String, Integer> sizes = new TreeMap<>();
    for (String module : MODULES) {
      for (Path folder : sourcePackages(module)) {
        try (Stream<Path> files = Files.list(folder)) {
          sizes.put(
              folder.toString(), (int) files.filter(f -> f.toString().endsWith(".java")).count());
        }
      }
    }
    assertThat(sizes)
        .isNotEmpty()
        .allSatisfy((folder, size) ->
            assertThat(size)
                .as(folder)
                .isLessThanOrEqualTo(
                    LARGER.getOrDefault(Path.of(folder).getFileName().toString(), MAX_FILES)));
  }

  @Test
  void theReaderOfClassesSeesUses() throws IOException {
    assertThat(uses().get("cli")).contains("config", "observe", "script");
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
        table.put(row.group(1), new Row(row.group(2), allowed));
      }
    }
    assertThat(table).as("rows of ARCHITECTURE.md").hasSizeGreaterThan(15);
    return table;
  }

  /// Where this build puts classes, relative to a module: `target/classes` or below `target/quick`.
  private static Path classesFolder() {
    URI classes =
        URI.create(
            ArchitectureTest.class.getProtectionDomain().getCodeSource().getLocation().toString());
    return Path.of("").toAbsolutePath().relativize(Path.of(classes)).resolveSibling("classes");
  }

  private static Row row(Map<String, Row> table, String name) {
    Row row = table.get(name);
    return row == null ? new Row("(not in the table)", Set.of()) : row;
  }

  /// Each package that has sources, with its module.
  private static Map<String, String> packages() throws IOException {
    Map<String, String> packages = new TreeMap<>();
    for (String module : MODULES) {
      for (Path folder : sourcePackages(module)) {
        packages.put(folder.getFileName().toString(), module);
      }
    }
    return packages;
  }

  private static List<Path> sourcePackages(String module) throws IOException {
    Path sources = ROOT.resolve(module).resolve("src/main/java/dev/burnish");
    if (!Files.isDirectory(sources)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(sources)) {
      return folders.filter(Files::isDirectory).toList();
    }
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
    Set<String> used = uses.computeIfAbsent(user.group(1), name -> new TreeSet<>());
    StreamSupport.stream(model.constantPool().spliterator(), false)
        .map(ArchitectureTest::text)
        .forEach(text ->
            OURS.matcher(text)
                .results()
                .map(match -> match.group(1))
                .filter(name -> !name.equals(user.group(1)))
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
