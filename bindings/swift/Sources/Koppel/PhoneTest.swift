import KoppelFFI

/// "Test my phone" for one account. Runs from the moment it is made, to its last step or to ``stop()``.
public final class PhoneTest: Sendable {
    private let raw: RawTest

    init(_ raw: RawTest) { self.raw = raw }

    /// Each step as it ends. To be read once.
    public var steps: AsyncStream<TestStep> {
        let raw = raw
        return AsyncStream {
            try? await raw.next()
        } onCancel: {
            raw.stop()
        }
    }

    /// What support can read off the telephone, of the steps that were read so far. Nothing in it is secret.
    public var supportCode: String { (try? raw.supportCode()) ?? "" }

    /// Ends it.
    public func stop() { raw.stop() }
}
