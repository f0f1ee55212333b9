import Foundation
import KoppelFFI

/// Why something was not done. Unless a case says otherwise nothing was lost, and it may be tried again.
///
/// Each has ``advice``, in English and for developers, and most a ``why`` that never changes, for the app's own words.
public enum KoppelError: Error, Hashable, Sendable {
    /// No way to the server, or nothing sensible from it. What waits to be sent is sent as soon as there is one.
    ///
    /// `why`: `no-connection`, `tls`, `timeout`, `unavailable`, `response-too-large` or `response-invalid`.
    case noConnection(advice: String, why: String)
    /// The secret store cannot be read yet: before the first unlock of the phone. Try again after it.
    case locked(advice: String)
    /// The person stepped back.
    case userCancelled(advice: String)
    /// It cannot be done now, or not with this account.
    ///
    /// `why`: such as `no-such-challenge`, `number-needed`, `codes-only`, `already-answered`, `device-revoked`, `disk-full`.
    case notAvailable(advice: String, why: String)
    /// The key that approves is gone for good: new biometrics, or no screen lock any more. Codes still work.
    case keyInvalidated(advice: String)
    /// The key of the vault is gone and the file is there: a restored backup. Offer to pair again, and ``KoppelClient/startAfresh(_:platform:)``.
    case keyLost(advice: String)
    /// What was typed or scanned is no invitation. No try was spent.
    ///
    /// `why`: `link-invalid`, `koppelcode-mistyped`, `host-invalid`, `name-invalid` or `password-invalid`. `position`: which symbol of a
    /// koppelcode is wrong, from 1, where it is known.
    case invitationInvalid(advice: String, why: String, position: Int?)
    /// What was typed or scanned gives no codes. Nothing was kept.
    ///
    /// `why`: such as `otp-link-invalid`, `otp-secret-mistyped`, `otp-counter-based`, `otp-export-damaged` or `otp-several`. `position`: which
    /// character of a typed secret is wrong, from 1, where it is known.
    case codeInvalid(advice: String, why: String, position: Int?)
    /// The server refused the invitation, or the confirmer did. Ask for a new one.
    ///
    /// `why`: `invitation-refused`, `code-used`, `expired`, `server-mismatch` or `host-mismatch`.
    case invitationRefused(advice: String, why: String)
    /// Too many tries. `retryAt`: when it may be tried again, on this phone's clock; none when another invitation is needed.
    case tooManyTries(advice: String, retryAt: Date?)
    /// The server shows another identity than the one that was paired with. The account is stopped.
    case serverChanged(advice: String)
    /// Something is newer than this app: the vault, or what the server asks.
    case updateRequired(advice: String)
    /// The vault's file cannot be read. It is kept; ``KoppelClient/startAfresh(_:platform:)`` puts it aside.
    case vaultDamaged(advice: String)
    /// The companion was stopped. Open it again.
    case stopped(advice: String)
    /// The task was cancelled before anything was done.
    case cancelled
    /// A defect. Please report the reference.
    case `internal`(advice: String, reference: String)
}

extension KoppelError: LocalizedError, CustomStringConvertible {
    /// What to do next, in English and for developers.
    public var advice: String {
        switch self {
        case .noConnection(let advice, _), .locked(let advice), .userCancelled(let advice), .notAvailable(let advice, _),
            .keyInvalidated(let advice), .keyLost(let advice), .invitationInvalid(let advice, _, _), .codeInvalid(let advice, _, _),
            .invitationRefused(let advice, _), .tooManyTries(let advice, _), .serverChanged(let advice), .updateRequired(let advice), .vaultDamaged(let advice),
            .stopped(let advice), .internal(let advice, _):
            advice
        case .cancelled: "the task was cancelled; nothing was done"
        }
    }

    /// A short code that never changes, where a case has more than one reason.
    public var why: String? {
        switch self {
        case .noConnection(_, let why), .notAvailable(_, let why), .invitationInvalid(_, let why, _), .codeInvalid(_, let why, _),
            .invitationRefused(_, let why):
            why
        case .internal(_, let reference): reference
        default: nil
        }
    }

    public var description: String { advice }
    public var errorDescription: String? { advice }
}

extension KoppelError {
    init(_ error: KoppelFFI.KoppelError) {
        self =
            switch error {
            case .NoConnection(let advice, let why): .noConnection(advice: advice, why: why)
            case .Locked(let advice): .locked(advice: advice)
            case .UserCancelled(let advice): .userCancelled(advice: advice)
            case .NotAvailable(let advice, let why): .notAvailable(advice: advice, why: why)
            case .KeyInvalidated(let advice): .keyInvalidated(advice: advice)
            case .KeyLost(let advice): .keyLost(advice: advice)
            case .InvitationInvalid(let advice, let why, let position):
                .invitationInvalid(advice: advice, why: why, position: position.map(Int.init))
            case .CodeInvalid(let advice, let why, let position): .codeInvalid(advice: advice, why: why, position: position.map(Int.init))
            case .InvitationRefused(let advice, let why): .invitationRefused(advice: advice, why: why)
            case .TooManyTries(let advice, let retryAt): .tooManyTries(advice: advice, retryAt: retryAt)
            case .ServerChanged(let advice): .serverChanged(advice: advice)
            case .UpdateRequired(let advice): .updateRequired(advice: advice)
            case .VaultDamaged(let advice): .vaultDamaged(advice: advice)
            case .Stopped(let advice): .stopped(advice: advice)
            case .Internal(let advice, let reference): .internal(advice: advice, reference: reference)
            }
    }

    static let isStopped = KoppelError.stopped(advice: "this companion was stopped; open it again")

    static let hasStepped = KoppelError.userCancelled(advice: "the person stepped back; nothing was sent")

    static let keyGone = KoppelError.keyInvalidated(
        advice: "the key that approves is gone for good; codes still work. Remove the account and pair it again to approve"
    )

    static let signerMissing = KoppelError.notAvailable(
        advice: "this pairing has a key that approves: give a signer that asks the person", why: "signer-needed"
    )

    static func keyRefused(_ cause: any Error) -> KoppelError {
        // Its type alone: what it says may hold what it was called with.
        .notAvailable(advice: "the signer gave no signature (\(type(of: cause))); try again", why: "key-refused")
    }
}
