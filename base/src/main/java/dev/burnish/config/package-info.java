/// Configuration: records whose values come from defaults, a YAML file and `--set`, checked and
/// resolved before anything starts.
@NullMarked
package dev.burnish.config;

import org.jspecify.annotations.NullMarked;
