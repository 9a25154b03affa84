package dev.burnish.env.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ScratchFilesTest {
  @Test
  void filesAreWrittenReadListedAndDeleted() {
    ScratchFiles files = ScratchFiles.inMemory(10, 1_000);
    assertThat(files.listFiles()).isEqualTo("there are no files");
    assertThat(files.writeFile("b/notes.txt", "one"))
        .isEqualTo("wrote 3 characters to b/notes.txt");
    files.writeFile("b/notes.txt", "other");
    files.writeFile("../../a", "");
    assertThat(files.readFile("b/notes.txt")).isEqualTo("other");
    assertThat(files.listFiles()).isEqualTo("../../a 0\nb/notes.txt 5");
    assertThat(files.deleteFile("../../a")).isEqualTo("deleted ../../a");
    assertThatThrownBy(() -> files.readFile("../../a"))
        .hasMessage("there is no file ../../a; there are [b/notes.txt]");
    assertThatThrownBy(() -> files.deleteFile("x")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theirNumberNamesAndSizeAreBounded() {
    ScratchFiles files = ScratchFiles.inMemory(2, 10);
    files.writeFile("a", "12345");
    assertThatThrownBy(() -> files.writeFile("b", "1234")).hasMessageContaining("at most 10");
    files.writeFile("a", "1234567"); // takes the place of the first
    files.writeFile("b", "1");
    assertThatThrownBy(() -> files.writeFile("c", "")).hasMessageContaining("at most 10");
    ScratchFiles few = ScratchFiles.inMemory(1, 100);
    few.writeFile("a", "");
    few.writeFile("a", "x");
    assertThatThrownBy(() -> few.writeFile("b", "")).hasMessageContaining("at most 1 files");
    for (String name : new String[] {"", "  ", "x".repeat(201)}) {
      assertThatThrownBy(() -> few.writeFile(name, "")).hasMessageContaining("1 to 200");
    }
  }

  @Test
  void theyAreTools() throws Exception {
    var tools = ScratchFiles.tools();
    assertThat(tools.names()).isEqualTo("deleteFile, listFiles, readFile, writeFile");
    tools.find("writeFile").orElseThrow().call("{\"name\": \"a\", \"text\": \"b\"}");
    assertThat(tools.find("readFile").orElseThrow().call("{\"name\": \"a\"}")).isEqualTo("b");
    assertThat(ScratchFiles.tools().find("listFiles").orElseThrow().call("{}"))
        .isEqualTo("there are no files");
  }
}
