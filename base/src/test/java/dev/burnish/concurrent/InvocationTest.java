package dev.burnish.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class InvocationTest {
  record Even(int number, String word) {
    Even {
      if (number % 2 != 0) {
        throw new IllegalArgumentException("odd: " + number);
      }
    }

    static String joined(String... words) {
      return String.join("+", words);
    }
  }

  @Test
  void callsWithTheReceiverFirst() throws Throwable {
    Invocation concat = new Invocation(String.class.getMethod("concat", String.class));
    assertThat(concat.call("a", "b")).isEqualTo("ab");
    assertThat(concat.call("c", "d")).isEqualTo("cd");
    Invocation clear = new Invocation(List.class.getMethod("clear"));
    List<Integer> list = new ArrayList<>(List.of(1));
    assertThat(clear.call(list)).isNull();
    assertThat(list).isEmpty();
  }

  @Test
  void callsWhatHasNoReceiver() throws Throwable {
    Invocation make = new Invocation(Even.class.getDeclaredConstructor(int.class, String.class));
    assertThat(make.call(4, "four")).isEqualTo(new Even(4, "four"));
    Invocation joined = new Invocation(Even.class.getDeclaredMethod("joined", String[].class));
    assertThat(joined.call((Object) new String[] {"a", "b"})).isEqualTo("a+b");
  }

  @Test
  void throwsWhatWasThrown() throws Exception {
    Invocation make = new Invocation(Even.class.getDeclaredConstructor(int.class, String.class));
    assertThatThrownBy(() -> make.call(3, "three"))
        .isExactlyInstanceOf(IllegalArgumentException.class)
        .hasMessage("odd: 3");
  }
}
