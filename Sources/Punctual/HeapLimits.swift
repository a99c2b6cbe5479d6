// SPDX-License-Identifier: Apache-2.0

internal import CMalloc
internal import PunctualLoop

/// Keeps what the process holds close to what it uses.
///
/// glibc gives each thread a heap of its own and keeps what was freed: after one burst of large
/// batches the process would stay half as large again (measured: 76 MB instead of 50).
enum HeapLimits {
    /// Two heaps are enough for the loop and for HTTP; what is free at a heap's end is given back.
    static func apply() {
        mallopt(M_ARENA_MAX, 2)
        mallopt(M_TRIM_THRESHOLD, 256 << 10)
    }

    /// Once a minute also gives back what is free between (malloc_trim(3)).
    static func trimming(loop: LoopExecutor) -> Periodically {
        Periodically(first: .seconds(30), interval: .seconds(60), loop: loop) { malloc_trim(0) }
    }
}
