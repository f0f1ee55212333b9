// The types of the state and of the verbs: the generated ones, under their own names.

import KoppelFFI

public typealias KoppelState = KoppelFFI.KoppelState
public typealias Connection = KoppelFFI.Connection

public typealias Account = KoppelFFI.Account
public typealias AccountId = KoppelFFI.AccountId
public typealias AccountStatus = KoppelFFI.AccountStatus
public typealias Approval = KoppelFFI.Approval

public typealias Challenge = KoppelFFI.Challenge
public typealias ChallengeId = KoppelFFI.ChallengeId
public typealias ChallengeKind = KoppelFFI.ChallengeKind
public typealias ChallengePurpose = KoppelFFI.ChallengePurpose
public typealias ChallengeEnd = KoppelFFI.ChallengeEnd
public typealias ChallengeContent = KoppelFFI.ChallengeContent
public typealias EndedChallenge = KoppelFFI.EndedChallenge
public typealias Outcome = KoppelFFI.Outcome
public typealias DenyReason = KoppelFFI.DenyReason
public typealias Alert = KoppelFFI.Alert
public typealias SigningRequest = KoppelFFI.SigningRequest

public typealias Notice = KoppelFFI.Notice
public typealias NoticeId = KoppelFFI.NoticeId
public typealias NoticeKind = KoppelFFI.NoticeKind

public typealias Invitation = KoppelFFI.Invitation

public typealias OtpCode = KoppelFFI.OtpCode
public typealias OtpId = KoppelFFI.OtpId
public typealias AddedCodes = KoppelFFI.AddedCodes
public typealias AddedCode = KoppelFFI.AddedCode
public typealias RefusedCode = KoppelFFI.RefusedCode
public typealias ExportPart = KoppelFFI.ExportPart

public typealias TestStep = KoppelFFI.TestStep
public typealias TestStepKind = KoppelFFI.TestStepKind
public typealias TestFinding = KoppelFFI.TestFinding

public typealias DeviceKind = KoppelFFI.DeviceKind
public typealias KeyLevel = KoppelFFI.KeyLevel
public typealias KeyPurpose = KoppelFFI.KeyPurpose
public typealias MadeKey = KoppelFFI.MadeKey
public typealias UserVerification = KoppelFFI.UserVerification

extension Account: Identifiable {}
extension Challenge: Identifiable {}
extension EndedChallenge: Identifiable {}
extension Notice: Identifiable {}
extension OtpCode: Identifiable {}
extension AddedCode: Identifiable {}

extension KoppelState {
    /// What there is before anything was paired.
    static let nothing = KoppelState(revision: 0, accounts: [], challenges: [], ended: [], connection: .offline, notices: [])

    /// The account of this id.
    public func account(_ id: AccountId) -> Account? { accounts.first { $0.id == id } }

    /// The live challenge of this id.
    public func challenge(_ id: ChallengeId) -> Challenge? { challenges.first { $0.id == id } }
}
