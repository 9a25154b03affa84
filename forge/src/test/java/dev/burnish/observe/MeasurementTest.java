package dev.burnish.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class MeasurementTest {
  @Test
  void takesTheMedianOverTheBaseline() {
    assertThat(Measurement.of("a", "tok/s", 2, "floor", List.of(9.0, 1.0, 4.0)).ratio())
        .isEqualTo(2);
    assertThat(Measurement.of("a", "tok/s", 2, "floor", List.of(9.0, 1.0, 4.0, 6.0)).value())
        .isEqualTo(5);
  }

  @Test
  void isAJsonObjectOfTheseFields() {
    Measurement measurement = Measurement.of("a", "tok/s", 2, "floor", List.of(4.0));
    assertThat(JsonMapper.shared().writeValueAsString(measurement))
        .isEqualTo(
            "{\"name\":\"a\",\"value\":4.0,\"unit\":\"tok/s\",\"baseline\":2.0,\"baselineName\":\"floor\",\"ratio\":2.0,\"runs\":[4.0]}");
  }

  @Test
  void needsARun() {
    assertThatThrownBy(() -> Measurement.of("a", "tok/s", 2, "floor", List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("name=a");
  }
}
