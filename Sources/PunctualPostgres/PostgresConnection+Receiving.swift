// SPDX-License-Identifier: Apache-2.0

internal import CPostgres
internal import PunctualLoop

extension PostgresConnection {
    /// Takes all results that have arrived in whole, then the notifications.
    func receive() {
        var wasSeparator = false
        // SAFETY: on the loop's thread; the pointer is open until `deinit`, and `self` is held.
        while !isClosed, load > 0, unsafe PQisBusy(pointer) == 0 {
            if let result = unsafe PQgetResult(pointer) {
                wasSeparator = false
                unsafe take(result)
            } else if exclusive != nil {
                finishExclusive()
            } else if wasSeparator {
                break  // Two in a row: libpq has nothing in flight.
            } else {
                wasSeparator = true  // The end of one command's results in the pipeline.
            }
        }
        receiveNotifications()
    }

    private func take(_ result: OpaquePointer) {
        // SAFETY: the result is ours: it is wrapped or cleared in every branch.
        switch unsafe PQresultStatus(result) {
        case PGRES_PIPELINE_SYNC:
            unsafe PQclear(result)
            report(.synchronised)
        case PGRES_PIPELINE_ABORTED:
            unsafe PQclear(result)
            report(.skipped)
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            let answer = unsafe PostgresResult(owning: result)
            if exclusive == nil { report(.completed(answer)) }
            exclusive?.answers.append(answer)
        case PGRES_COPY_IN:
            unsafe PQclear(result)
            sendCopyData()
        case PGRES_FATAL_ERROR, PGRES_NONFATAL_ERROR, PGRES_BAD_RESPONSE:
            let error = unsafe PostgresError(result)
            let isFatal = unsafe isFatal(result)
            unsafe PQclear(result)
            // Without a state the error is libpq's own: the connection is gone.
            guard let error else { return fail() }
            if exclusive == nil { report(.failed(error, isFatal: isFatal)) }
            if exclusive?.failure == nil { exclusive?.failure = error }
        default:
            // COPY to the client, which this driver never asks for.
            unsafe PQclear(result)
            fail()
        }
    }

    private func isFatal(_ result: OpaquePointer) -> Bool {
        // SAFETY: the string lives as long as the result.
        guard let severity = unsafe PQresultErrorField(result, punctual_diagnostic_severity)
        else { return false }
        return unsafe String(cString: severity) != "ERROR"
    }

    private func report(_ event: Machine.Event) {
        guard let outcome = machine.received(event) else { return }
        frontSince = Clocks.monotonicNanoseconds()
        onEvent(.ended(outcome))
    }

    private func sendCopyData() {
        guard case .copy(_, let data) = exclusive?.request.work else { return fail() }
        // SAFETY: libpq copies the data; on the loop's thread.
        let isSent = unsafe data.withUnsafeBytes { bytes in
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return unsafe PQputCopyData(pointer, start, Int32(bytes.count)) == 1
                && PQputCopyEnd(pointer, nil) == 1
        }
        if isSent { flush() } else { fail() }
    }

    private func finishExclusive() {
        guard let ended = exclusive else { return }
        exclusive = nil
        // SAFETY: on the loop's thread; the pointer is open until `deinit`.
        guard unsafe PQenterPipelineMode(pointer) == 1 else {
            exclusive = ended
            return fail()
        }
        if let failure = ended.failure {
            onEvent(.ended(.failed(ended.request, failure)))
        } else {
            onEvent(.ended(.succeeded(ended.request, ended.answers)))
        }
    }

    private func receiveNotifications() {
        // SAFETY: each notification is copied, then freed once; on the loop's thread.
        while !isClosed, let notification = unsafe PQnotifies(pointer) {
            let channel = unsafe String(cString: notification.pointee.relname)
            let payload = unsafe String(cString: notification.pointee.extra)
            unsafe PQfreemem(notification)
            onEvent(.notified(channel: channel, payload: payload))
        }
    }
}

extension PostgresError {
    /// The fields of an error that the server reported; nil if it was libpq's own.
    fileprivate init?(_ result: OpaquePointer) {
        // SAFETY: each string lives as long as the result and is copied.
        func field(_ code: Int32) -> String? {
            unsafe PQresultErrorField(result, code).map { unsafe String(cString: $0) }
        }
        guard let state = field(punctual_diagnostic_sql_state) else { return nil }
        self = .server(state: state, serverMessage: field(punctual_diagnostic_message))
        constraint = field(punctual_diagnostic_constraint)
        table = field(punctual_diagnostic_table)
        column = field(punctual_diagnostic_column)
    }
}
