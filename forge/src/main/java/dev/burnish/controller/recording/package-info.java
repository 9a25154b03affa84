/// Recordings of what the trainers of a run were given, and the proof that their weights come of
/// it.
@NullMarked
package dev.burnish.controller.recording;

import org.jspecify.annotations.NullMarked;
