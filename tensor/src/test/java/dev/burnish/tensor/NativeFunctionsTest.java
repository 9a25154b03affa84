package dev.burnish.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.junit.jupiter.api.Test;

class NativeFunctionsTest {
  private static final FunctionDescriptor INT_TO_INT =
      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);

  @Test
  void callsFunctionsOfTheCLibrary() throws Throwable {
    MethodHandle abs = NativeFunctions.ofC("abs", INT_TO_INT);
    assertThat((int) abs.invokeExact(-7)).isEqualTo(7);
  }

  @Test
  void namesAFunctionThatIsNotThere() {
    assertThatThrownBy(() -> NativeFunctions.ofC("no_such_function", INT_TO_INT))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the C library must have name=no_such_function");
    assertThatThrownBy(() -> NativeFunctions.ofLibtorch("no_such_function", INT_TO_INT))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("a loaded library must have name=no_such_function");
  }
}
