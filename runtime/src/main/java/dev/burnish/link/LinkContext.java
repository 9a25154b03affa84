package dev.burnish.link;

import dev.burnish.link.transport.ProcessAddress;
import java.util.function.Function;

/// State shared by all links of a process.
///
/// @param connect returns a further link to a process, for bulk data
record LinkContext(ProcessAddress self, Regions regions, Function<ProcessAddress, Link> connect) {}
