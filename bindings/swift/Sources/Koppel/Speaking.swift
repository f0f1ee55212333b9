import KoppelFFI

/// Runs a call into the library, so that whatever goes wrong is a ``KoppelError``.
func speaking<T>(_ call: () throws -> T) throws(KoppelError) -> T {
    try checkVersion()
    do {
        return try call()
    } catch {
        throw translated(error)
    }
}

/// The same for a verb. Cancelled, it ends at once, and what it began is given up.
func speaking<T: Sendable>(_ call: @Sendable () async throws -> T) async throws(KoppelError) -> T {
    try checkVersion()
    do {
        return try await call()
    } catch {
        throw translated(error)
    }
}

/// Runs a verb to its end, also when the task that waits for it is cancelled.
func toTheEnd<T: Sendable>(_ verb: @escaping @Sendable () async throws -> T) async throws(KoppelError) -> T {
    try await speaking { try await Task { try await verb() }.value }
}

private func translated(_ error: any Error) -> KoppelError {
    switch error {
    case let known as KoppelFFI.KoppelError: KoppelError(known)
    case let known as KoppelError: known
    case is CancellationError: .cancelled
    default: .internal(advice: "a defect in Koppel; please report it with this reference: panic", reference: "panic")
    }
}

/// What the generated code would otherwise end the process for.
private func checkVersion() throws(KoppelError) {
    guard uniffiIsOfThisVersion() else {
        throw .internal(
            advice: "the library and the Swift package are of different versions; take both from one release", reference: "library-version"
        )
    }
}
