package nl.koppel.examples

import java.nio.file.Path
import kotlinx.coroutines.Job
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import nl.koppel.AccountId
import nl.koppel.ApprovalSigner
import nl.koppel.Challenge
import nl.koppel.ChallengeContent
import nl.koppel.ChallengeId
import nl.koppel.DeviceKind
import nl.koppel.Invitation
import nl.koppel.KoppelClient
import nl.koppel.KoppelException
import nl.koppel.KoppelState
import nl.koppel.Outcome
import nl.koppel.Platform
import nl.koppel.PlatformException
import nl.koppel.SigningRequest
import nl.koppel.digits
import nl.koppel.host
import nl.koppel.jvm.JvmKeys
import nl.koppel.jvm.MemorySecrets
import nl.koppel.koppelcode
import nl.koppel.link
import nl.koppel.why

/** Opens a companion with everything in memory, and shows each state. */
suspend fun openAndWatch(folder: Path, render: (KoppelState) -> Unit) {
    val secrets = MemorySecrets()
    KoppelClient.open(folder, Platform(secrets, JvmKeys(secrets), DeviceKind.TERMINAL)).use { client ->
        client.state.collect { state -> render(state) }
    }
}

/** Nothing is sent to a server before the person agreed to its name. */
fun hostFirst(scanned: String): String = try {
    "Koppelen met ${Invitation.link(scanned).host}?"
} catch (wrong: KoppelException.InvitationInvalid) {
    "Dit is geen koppellink (${wrong.why})."
}

/** A koppelcode as it was typed: what is wrong with it is said here, before anything is sent. */
fun readKoppelcode(typed: String, server: String, user: String): String = try {
    "Koppelen met ${Invitation.koppelcode(code = typed, server = server, user = user).host}?"
} catch (wrong: KoppelException.InvitationInvalid) {
    when (wrong.why) {
        "koppelcode-mistyped" -> wrong.position?.let { "Teken $it van de koppelcode klopt niet" } ?: "De koppelcode klopt niet"
        "host-invalid" -> "Dat serveradres klopt niet"
        else -> "Dat is geen gebruikersnaam"
    }
}

/** Pairs by a link; the number to type is in the state afterwards, also after a restart of the app. */
suspend fun pairByLink(client: KoppelClient, scanned: String, agrees: suspend (String) -> Boolean, prompt: ApprovalSigner): AccountId? {
    val offer = client.pair(Invitation.link(scanned), deviceName = "Telefoon van Anna")
    if (!agrees("${offer.organisation} (${offer.host}), account ${offer.user}")) {
        offer.decline()
        return null
    }
    return offer.accept(prompt)
}

/** Connected while a screen is there: cancelled, it disconnects. */
suspend fun connectWhileOnScreen(client: KoppelClient, screen: suspend () -> Unit) = coroutineScope {
    val online = launch { client.stayConnected() }
    screen()
    online.cancel()
}

/** For as long as the app is on screen: one question for each delivery of a login, taken away when that is over. [ask] catches its own errors. */
suspend fun askAsTheyCome(client: KoppelClient, render: (KoppelState) -> Unit, ask: suspend (Challenge) -> Unit): Unit = coroutineScope {
    launch { client.stayConnected() }
    val questions = mutableMapOf<Pair<ChallengeId, UInt>, Job>()
    client.state.collect { state ->
        render(state)
        val live = state.challenges.associateBy { it.id to it.seq }
        (questions.keys - live.keys).forEach { over -> questions.remove(over)?.cancel() }
        for ((delivery, login) in live) if (!login.answered) questions.getOrPut(delivery) { launch { ask(login) } }
    }
}

/** Shows a challenge and says what to do. */
suspend fun show(client: KoppelClient, id: ChallengeId): String = when (val content = client.show(id)) {
    is ChallengeContent.Code -> "Typ in uw browser: ${content.digits}"
    ChallengeContent.Number -> "Typ hier het getal dat op uw scherm staat"
    is ChallengeContent.ConfirmPairing -> "Typ hier het controlegetal van ${content.name}"
    ChallengeContent.Unlock -> "Account weer openen?"
    ChallengeContent.Unsupported -> "Werk de app bij"
}

/** Approves with the number that the person typed. */
suspend fun approveWithNumber(client: KoppelClient, id: ChallengeId, typed: String, prompt: ApprovalSigner): String =
    when (val outcome = client.approve(id, number = typed, signer = prompt)) {
        Outcome.Approved -> "Ga terug naar uw browser"
        Outcome.Queued -> "Verstuurd zodra er verbinding is"
        is Outcome.WrongNumber -> "Dat getal is niet goed; nog ${outcome.left} keer"
        else -> "Dit verzoek is voorbij"
    }

/** The codes of other services, for as long as their screen is there: cancelled, it stops looking. */
suspend fun showCodes(client: KoppelClient, render: (List<String>) -> Unit) {
    client.codes().collect { codes -> render(codes.map { "${it.label}: ${it.digits}" }) }
}

/** Keeps what a QR code held, and says what became of it. */
suspend fun addScannedCodes(client: KoppelClient, scanned: String): String = try {
    val codes = client.addCodes(scanned.toByteArray())
    when (val part = codes.part) {
        null -> "Bewaard: ${codes.added.size}, niet bewaard: ${codes.refused.size}"
        else -> "Deel ${part.number} van ${part.of}: bewaard ${codes.added.size}, niet bewaard ${codes.refused.size}; scan ook de andere"
    }
} catch (invalid: KoppelException.CodeInvalid) {
    if (invalid.why == "otp-counter-based") "Deze code werkt met een teller; dat kan hier niet" else "Scan de QR-code van de dienst opnieuw"
}

/** A prompt as a signer: what the platform's own dialogue says becomes one of three endings. */
fun signerOfAPrompt(ask: suspend (title: String) -> Boolean?, sign: (alias: String, payload: ByteArray) -> ByteArray) =
    ApprovalSigner { request: SigningRequest ->
        when (ask("Inloggen bij ${request.title}")) {
            true -> sign(request.alias, request.payload)
            false -> throw PlatformException.UserCancelled()
            null -> throw PlatformException.KeyInvalidated()
        }
    }
