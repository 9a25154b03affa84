package dev.burnish.script;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Actors whose classes exist only in a script, in real workers.
class ScriptActorsTest {
  private static final String SHOP =
      """
      import dev.burnish.actor.*;
      import dev.burnish.mesh.*;

      record Item(String name, int price) {}
      record Order(List<Item> items) {}
      sealed interface Receipt permits Paid, Refused {}
      record Paid(int sum) implements Receipt {}
      record Refused(String why) implements Receipt {}

      static class SoldOut extends RuntimeException {
        SoldOut(String message) { super(message); }
      }

      interface Shop {
        Receipt buy(Order order);
        long pid();
        void open(String day);
      }

      MODIFIER class ShopActor implements Shop {
        public Receipt buy(Order order) {
          int sum = order.items().stream().mapToInt(Item::price).sum();
          return sum > 100 ? new Refused("over 100: " + sum) : new Paid(sum);
        }

        public long pid() { return ProcessHandle.current().pid(); }

        public void open(String day) { throw new SoldOut("nothing on " + day); }
      }

      void main() {
        try (var job = Job.start(JobOptions.named("shops"))) {
          var shops = job.hosts().spawnProcs(Map.of("procs", 2)).spawn("shops", Shop.class, ShopActor::new);
          var receipts = shops.gather((shop, rank) -> shop.buy(new Order(List.of(new Item("a", 60), new Item("b", 60 * rank)))));
          var pids = Set.copyOf(shops.gather(Shop::pid));
          String thrown;
          try {
            shops.at("procs", 1).only().open("Monday");
            thrown = "nothing";
          } catch (SoldOut e) {
            thrown = e.getMessage();
          }
          System.setProperty("script.ran", receipts + " " + pids.size() + " " + pids.contains(ProcessHandle.current().pid()) + " " + thrown);
        }
      }
      """;

  @TempDir private Path folder;

  @BeforeEach
  void useACacheOfItsOwn() {
    System.setProperty("burnish.home", folder.toString());
  }

  @AfterEach
  void clear() {
    System.clearProperty("burnish.home");
    System.clearProperty("script.ran");
  }

  @Test
  void classesOfAScriptTravelToItsWorkers() throws Exception {
    run("static");
    assertThat(System.getProperty("script.ran"))
        .isEqualTo("[Paid[sum=60], Refused[why=over 100: 120]] 2 false nothing on Monday");
  }

  @Test
  void anInnerClassIsRefusedWithTheCure() {
    assertThatThrownBy(() -> run(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("declare its class static");
  }

  @Test
  void theExampleCountsInTwoProcesses() throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, UTF_8));
    try {
      Script.compile(Path.of("..", "examples", "Counters.java"))
          .run(List.of("--set", "processes=2"));
    } finally {
      System.setOut(before);
    }
    Matcher lines =
        Pattern.compile("counter 0 of process (\\d+) has 116\ncounter 1 of process (\\d+) has 16\n")
            .matcher(printed.toString(UTF_8));
    assertThat(lines.matches()).as(printed.toString(UTF_8)).isTrue();
    assertThat(lines.group(1)).isNotEqualTo(lines.group(2));
  }

  private void run(String modifier) throws Exception {
    Path file =
        Files.writeString(folder.resolve("Script.java"), SHOP.replace("MODIFIER", modifier));
    Script.compile(file).run(List.of());
  }
}
