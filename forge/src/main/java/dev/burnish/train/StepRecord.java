package dev.burnish.train;

import dev.burnish.train.Health.Alarm;
import dev.burnish.train.TrainerState.Position;
import dev.burnish.train.memory.UpdateJournal;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/// A step as a trainer leaves it in its journal.
///
/// @param position after it
/// @param report of it; empty where the state was created or restored
/// @param alarms that it raised
record StepRecord(Position position, Optional<StepReport> report, List<Alarm.Reported> alarms) {
  /// Longer words, of which the ids of many micro-batches may be part, are cut.
  private static final int LONGEST_WORDS = 4096;

  StepRecord {
    alarms = List.copyOf(alarms);
  }

  /// The state that a trainer begins with.
  static StepRecord beginning() {
    return at(new Position(0, new Health(HealthConfig.defaults()).state()));
  }

  static StepRecord at(Position position) {
    return new StepRecord(position, Optional.empty(), List.of());
  }

  static StepRecord of(StepReport report, Health health) {
    return new StepRecord(
        new Position(report.step(), health.state()),
        Optional.of(report),
        health.raised().stream().map(StepRecord::reported).toList());
  }

  private static Alarm.Reported reported(Alarm alarm) {
    String words = alarm.words();
    return new Alarm.Reported(
        alarm.step(), words.substring(0, Math.min(words.length(), LONGEST_WORDS)));
  }

  byte[] toBytes() {
    return JsonMapper.shared().writeValueAsBytes(this);
  }

  static StepRecord of(UpdateJournal.Done done) {
    StepRecord record = JsonMapper.shared().readValue(done.bytes(), StepRecord.class);
    return new StepRecord(
        record.position(),
        record.report().map(report -> report.withSeconds(done.seconds())),
        record.alarms());
  }
}
