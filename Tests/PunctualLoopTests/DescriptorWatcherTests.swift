// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import PunctualLoop
internal import Testing

@Suite struct DescriptorWatcherTests {
    @Test func `reports that a pipe can be read, and that its writer has gone`() async throws {
        try await withLoop { loop in
            let pipe = Pipe()
            let reader = pipe.fileHandleForReading
            let recorder = Recorder<String>()
            let watcher = DescriptorWatcher(
                loop: loop,
                descriptor: reader.fileDescriptor
            ) { result in
                guard case .success(let events) = result, events.contains(.readable) else { return }
                recorder.record(String(decoding: reader.availableData, as: UTF8.self))
            }
            watcher.update(.readable)
            try pipe.fileHandleForWriting.write(contentsOf: Data("hello".utf8))
            #expect(await recorder.next(1) == ["hello"])
            try pipe.fileHandleForWriting.close()
            #expect(await recorder.next(1) == [""])
            watcher.close()
            await loop.turn()
        }
    }

    @Test func `rests when nothing is watched for`() async throws {
        try await withLoop { loop in
            let pipe = Pipe()
            let recorder = Recorder<DescriptorEvents>()
            let watcher = DescriptorWatcher(
                loop: loop,
                descriptor: pipe.fileHandleForWriting.fileDescriptor
            ) { result in
                if case .success(let events) = result { recorder.record(events) }
            }
            watcher.update(.writable)
            #expect(await recorder.next(1) == [.writable])
            watcher.update([])
            await loop.turn()
            watcher.update(.writable)
            #expect(await recorder.next(1) == [.writable])
            watcher.close()
            await loop.turn()
        }
    }

    @Test func `reports a descriptor that cannot be watched`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<Bool>()
            let watcher = DescriptorWatcher(loop: loop, descriptor: -1) { result in
                if case .failure(let error) = result { recorder.record(error.code < 0) }
            }
            watcher.update(.readable)
            #expect(await recorder.next(1) == [true])
        }
    }
}
