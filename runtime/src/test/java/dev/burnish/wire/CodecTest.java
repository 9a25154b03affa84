package dev.burnish.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import tools.jackson.dataformat.cbor.CBORMapper;

class CodecTest {
  private final Codecs codecs = new Codecs(List.of(), Limits.defaults());

  enum Color {
    RED,
    GREEN
  }

  sealed interface Figure {}

  record Circle(double radius) implements Figure {}

  record Square(long side, Optional<String> label) implements Figure {}

  record Tree(String name, List<Tree> children) {}

  record Pair<A, B>(A first, B second) {}

  /// Refuses odd numbers on construction, and 6 when it is read.
  record Even(int number, String word) {
    Even {
      if (number % 2 != 0) {
        throw new IllegalArgumentException("odd: " + number);
      }
    }

    @Override
    public int number() {
      if (number == 6) {
        throw new IllegalStateException("not 6");
      }
      return number;
    }
  }

  record Unchecked(int number, String word) {}

  @Test
  void aRecordTravelsAlikeTheFirstTimeAndLater() {
    Codec even = codecs.of(Even.class);
    Codec number = codecs.of(Unchecked.class);
    for (int i = 0; i < 300; i++) {
      Even value = new Even(2 * i + 8, "w" + i);
      byte[] bytes = even.encode(List.of(value), Session.NONE);
      assertThat(even.decode(bytes, Session.NONE)).containsExactly(value);
      byte[] odd = number.encode(List.of(new Unchecked(2 * i + 1, "")), Session.NONE);
      assertThatThrownBy(() -> even.decode(odd, Session.NONE))
          .isInstanceOf(WireException.class)
          .hasMessageContaining("odd: " + (2 * i + 1));
      assertThatThrownBy(() -> even.encode(List.of(new Even(6, "")), Session.NONE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("not 6");
    }
  }

  record Arrays8(
      boolean[] booleans,
      byte[] bytes,
      short[] shorts,
      char[] chars,
      int[] ints,
      long[] longs,
      float[] floats,
      double[] doubles) {}

  record Everything(
      boolean flag,
      byte small,
      short less,
      char letter,
      int number,
      long large,
      float real,
      double precise,
      String text,
      Color color,
      List<Figure> figures,
      Map<String, int[]> arrays,
      Optional<Color> maybe,
      String[][] words) {}

  record Positive(int value) {
    Positive {
      if (value <= 0) {
        throw new IllegalArgumentException("a positive value: value=" + value);
      }
    }
  }

  /// Declarations that do not travel, each for a reason of its own.
  interface Wrong {
    void thread(Thread worker);

    void nested(List<Map<String, Object>> values);

    void raw(@SuppressWarnings("rawtypes") List values);

    StringBuilder result();

    void open(Comparable<String> value);

    <X> void variable(X value);
  }

  interface Generic {
    void take(Pair<Integer, List<String>> pair, List<? extends Figure> figures);
  }

  private Object roundTrip(Type type, Object value) {
    Codec codec = codecs.of(type);
    return codec.decode(codec.encode(List.of(value), Session.NONE), Session.NONE).getFirst();
  }

  @Test
  void recordsOfEverythingComeBackEqual() {
    Map<String, int[]> arrays = new LinkedHashMap<>();
    arrays.put("b", new int[] {1, -1});
    arrays.put("a", new int[0]);
    Everything value =
        new Everything(
            true,
            Byte.MIN_VALUE,
            Short.MAX_VALUE,
            'ß',
            Integer.MIN_VALUE,
            Long.MAX_VALUE,
            Float.MIN_VALUE,
            -0.0,
            "text with \u0000 and 𝄞",
            Color.GREEN,
            List.of(new Circle(1.5), new Square(-24, Optional.of("x"))),
            arrays,
            Optional.empty(),
            new String[][] {{"a"}, {}});
    assertThat(roundTrip(Everything.class, value)).usingRecursiveComparison().isEqualTo(value);
    assertThat(((Everything) roundTrip(Everything.class, value)).arrays().keySet())
        .containsExactly("b", "a");
  }

  @Test
  void arraysOfPrimitivesComeBackToTheLastBit() {
    RandomGenerator random = RandomGeneratorFactory.getDefault().create(7);
    float[] floats = new float[1001];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = Float.intBitsToFloat(random.nextInt());
    }
    Arrays8 value =
        new Arrays8(
            new boolean[] {true, false},
            new byte[] {-1, 0, 1},
            new short[] {Short.MIN_VALUE, 3},
            new char[] {0xffff, 'a'},
            random.ints(1000).toArray(),
            random.longs(3).toArray(),
            floats,
            new double[] {Double.NaN, -0.0, Double.MAX_VALUE});
    Arrays8 back = (Arrays8) roundTrip(Arrays8.class, value);
    assertThat(back.booleans()).isEqualTo(value.booleans());
    assertThat(back.bytes()).isEqualTo(value.bytes());
    assertThat(back.shorts()).isEqualTo(value.shorts());
    assertThat(back.chars()).isEqualTo(value.chars());
    assertThat(back.ints()).isEqualTo(value.ints());
    assertThat(back.longs()).isEqualTo(value.longs());
    assertThat(back.doubles()).isEqualTo(value.doubles());
    assertThat(MemorySegment.ofArray(back.floats()).mismatch(MemorySegment.ofArray(floats)))
        .isEqualTo(-1);
  }

  @Test
  void recordsMayContainThemselvesAndBeGeneric() throws Exception {
    Tree tree =
        new Tree("root", List.of(new Tree("leaf", List.of()), new Tree("other", List.of())));
    assertThat(roundTrip(Tree.class, tree)).isEqualTo(tree);
    Codec codec = codecs.arguments(Generic.class.getDeclaredMethod("take", Pair.class, List.class));
    List<Object> arguments = List.of(new Pair<>(3, List.of("x")), List.of(new Circle(2)));
    assertThat(codec.decode(codec.encode(arguments, Session.NONE), Session.NONE))
        .isEqualTo(arguments);
  }

  record Triple(Square square, int[] numbers, Color color) {}

  /// Source: an independent implementation of RFC 8949, Jackson's.
  @Test
  void theBytesAreCborThatOthersRead() {
    Triple triple =
        new Triple(new Square(-70_000_000_000L, Optional.of("ä")), new int[] {1, 2}, Color.RED);
    byte[] bytes = codecs.of(Triple.class).encode(List.of(triple), Session.NONE);
    List<?> values = new CBORMapper().readValue(bytes, List.class);
    assertThat(values).hasSize(3);
    assertThat(values.get(0)).isEqualTo(List.of(-70_000_000_000L, List.of("ä")));
    assertThat((byte[]) values.get(1)).containsExactly(1, 0, 0, 0, 2, 0, 0, 0);
    assertThat(values.get(2)).isEqualTo("RED");
  }

  @Test
  void typedArraysHaveTheTagsOfTheirTypes() {
    Map<Class<?>, Integer> tags =
        Map.of(
            short[].class, 77,
            char[].class, 69,
            int[].class, 78,
            long[].class, 79,
            float[].class, 85,
            double[].class, 86);
    tags.forEach((type, tag) -> {
      byte[] bytes =
          codecs
              .of(type)
              .encode(
                  List.of(java.lang.reflect.Array.newInstance(type.getComponentType(), 0)),
                  Session.NONE);
      assertThat(bytes).as(type.getName()).containsExactly(0xd8, tag, 0x40);
    });
  }

  @Test
  void aTypeThatDoesNotTravelIsRefusedWithItsPlace() {
    assertRefused("thread", "Wrong.thread, parameter worker", "type=java.lang.Thread");
    assertRefused("nested", "Wrong.nested, parameter values", "type=java.lang.Object");
    assertRefused("raw", "Wrong.raw, parameter values", "type=java.util.List");
    assertRefused("open", "Wrong.open, parameter value", "Comparable");
    assertRefused("variable", "Wrong.variable, parameter value", "type=X");
    Method result = method("result");
    assertThatThrownBy(() -> codecs.result(result))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Wrong.result, result")
        .hasMessageContaining("java.lang.StringBuilder")
        .hasMessageContaining("use a primitive, String, enum, record");
  }

  private void assertRefused(String name, String place, String type) {
    Method method = method(name);
    assertThatThrownBy(() -> codecs.arguments(method))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(place)
        .hasMessageContaining(type)
        .hasMessageContaining("use a primitive, String, enum, record");
  }

  private static Method method(String name) {
    return Arrays.stream(Wrong.class.getDeclaredMethods())
        .filter(m -> m.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aRefusedTypeLeavesNothingBehind() {
    record Holder(int number, Thread thread) {}
    assertThatThrownBy(() -> codecs.of(Holder.class)).hasMessageContaining("Holder.thread");
    assertThatThrownBy(() -> codecs.of(Holder.class)).hasMessageContaining("Holder.thread");
  }

  @Test
  void nullIsRefusedWithItsPlace() {
    Codec codec = codecs.of(Circle.class, Tree.class);
    assertThatThrownBy(() ->
            codec.encode(
                Arrays.asList(new Circle(1), new Tree(nothing(), List.of())), Session.NONE))
        .hasMessageContaining("Tree.name")
        .hasMessageContaining("Optional");
  }

  @SuppressWarnings("NullAway") // as a caller without null checks may do
  private static String nothing() {
    return null;
  }

  @Test
  void whatExceedsTheLimitIsRefusedBeforeItIsSent() {
    Codec codec = new Codecs(List.of(), Limits.defaults().withMaxBytes(2048)).of(byte[].class);
    assertThat(codec.encode(List.of(new byte[2000]), Session.NONE)).hasSize(2003);
    assertThatThrownBy(() -> codec.encode(List.of(new byte[2048]), Session.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maxBytes=2048")
        .hasMessageContaining("Region");
  }

  @Test
  void textWithHalvesOfPairsTravelsExactly() {
    List<String> texts =
        List.of("\ud800", "a\udc00?", "\udc00\ud800", "\ud83d\ude00\ud83d", "\ud83d\ude00", "?");
    for (String text : texts) {
      assertThat(roundTrip(String.class, text)).isEqualTo(text);
    }
  }

  @Test
  void keysThatDifferInHalvesOfPairsStayApart() throws Exception {
    Type map = getClass().getDeclaredMethod("map").getGenericReturnType();
    Map<String, Integer> sent = Map.of("\ud800", 1, "\ud801", 2, "?", 3);
    assertThat(roundTrip(map, sent)).isEqualTo(sent);
  }

  static Map<String, Integer> map() {
    return Map.of();
  }

  /// One text has one encoding.
  @Test
  void textThatUtf8HasIsReadAsUtf8Alone() {
    Codec characters = codecs.of(char[].class);
    Codec text = codecs.of(String.class);
    byte[] half = characters.encode(List.of(new char[] {'a', '\ud800'}), Session.NONE);
    assertThat(text.decode(half, Session.NONE)).containsExactly("a\ud800");
    byte[] whole = characters.encode(List.of(new char[] {'a', 'b'}), Session.NONE);
    assertThatThrownBy(() -> text.decode(whole, Session.NONE)).isInstanceOf(WireException.class);
  }

  @Test
  void depthIsBoundedBothWays() {
    Tree deep = new Tree("leaf", List.of());
    for (int i = 0; i < 40; i++) {
      deep = new Tree("node", List.of(deep));
    }
    Tree value = deep;
    assertThatThrownBy(() -> roundTrip(Tree.class, value)).hasMessageContaining("wire.maxDepth");
    Codec generous = new Codecs(List.of(), new Limits(1 << 20, 1000)).of(Tree.class);
    byte[] bytes = generous.encode(List.of(value), Session.NONE);
    assertThatThrownBy(() -> codecs.of(Tree.class).decode(bytes, Session.NONE))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("wire.maxDepth");
  }

  @Test
  void bytesOfAnotherTypeAreRefused() {
    byte[] text = codecs.of(String.class).encode(List.of("x"), Session.NONE);
    for (Type type :
        List.of(int.class, double.class, boolean.class, Circle.class, int[].class, Figure.class)) {
      assertThatThrownBy(() -> codecs.of(type).decode(text, Session.NONE))
          .as(type.getTypeName())
          .isInstanceOf(WireException.class);
    }
  }

  @Test
  void numbersOutOfTheirTypeAreRefused() {
    byte[] large = codecs.of(long.class).encode(List.of(1L << 40), Session.NONE);
    assertThatThrownBy(() -> codecs.of(int.class).decode(large, Session.NONE))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("value=1099511627776");
  }

  @Test
  void whatARecordRefusesIsRefused() {
    record Loose(int value) {}
    byte[] bytes = codecs.of(Loose.class).encode(List.of(new Loose(-1)), Session.NONE);
    assertThatThrownBy(() -> codecs.of(Positive.class).decode(bytes, Session.NONE))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("value=-1");
  }

  @Test
  void aCountWithoutItsElementsAllocatesNothing() {
    byte[] claims = {(byte) 0x9a, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff};
    assertThatThrownBy(() -> codecs.of(int[][].class).decode(claims, Session.NONE))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("length=2147483647");
  }

  @Test
  void whatIsReadCannotBeChanged() {
    Object value = roundTrip(Tree.class, new Tree("x", List.of(new Tree("y", List.of()))));
    assertThatThrownBy(() -> ((Tree) value).children().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void mutatedBytesAreReadOrRefusedNothingElse() {
    Codec codec = codecs.of(Everything.class, Tree.class, Arrays8.class);
    byte[] valid =
        codec.encode(
            List.of(
                new Everything(
                    true,
                    (byte) 1,
                    (short) 2,
                    'c',
                    4,
                    5,
                    6,
                    7,
                    "eight",
                    Color.RED,
                    List.of(new Circle(1), new Square(2, Optional.of("s"))),
                    Map.of("k", new int[] {1, 2, 3}),
                    Optional.of(Color.GREEN),
                    new String[][] {{"w"}}),
                new Tree("t", List.of(new Tree("u", List.of()))),
                new Arrays8(
                    new boolean[2],
                    new byte[3],
                    new short[4],
                    new char[5],
                    new int[6],
                    new long[7],
                    new float[8],
                    new double[9])),
            Session.NONE);
    Fuzz.mutants(
        valid,
        1,
        Fuzz.count() / 10,
        bytes -> {
          try {
            codec.decode(bytes, Session.NONE);
          } catch (WireException e) {
            assertThat(e.getMessage()).isNotEmpty();
          }
        });
  }
}
