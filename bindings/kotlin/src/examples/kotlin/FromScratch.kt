package nl.koppel.examples

import java.nio.file.Path
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import nl.koppel.AccountStatus
import nl.koppel.ChallengeContent
import nl.koppel.DeviceKind
import nl.koppel.Invitation
import nl.koppel.KoppelClient
import nl.koppel.Outcome
import nl.koppel.Platform
import nl.koppel.host
import nl.koppel.jvm.JvmKeys
import nl.koppel.jvm.MemorySecrets
import nl.koppel.link
import nl.koppel.text

/** From an empty app to a login that was answered: [say] shows, [ask] lets the person type. */
suspend fun fromScratch(folder: Path, say: (String) -> Unit, ask: suspend (String) -> String): Unit = coroutineScope {
    // What the phone has. An Android app brings its Keystore instead.
    val secrets = MemorySecrets()
    val keys = JvmKeys(secrets)
    val client = KoppelClient.open(folder, Platform(secrets, keys, DeviceKind.ANDROID))

    // Connected for as long as the app is on screen.
    val online = launch { client.stayConnected() }
    try {
        // The person agrees to the host before anything is sent there, and to the organisation before anything is bound.
        val invitation = Invitation.link(ask("Plak de link van uw scherm"))
        if (ask("Koppelen met ${invitation.host}? (ja/nee)") != "ja") return@coroutineScope
        val prompt = keys.signer { request -> ask("Ondertekenen voor ${request.title}? (ja/nee)") == "ja" }
        val offer = client.pair(invitation, deviceName = "Mijn telefoon", approvals = true)
        val account = offer.accept(prompt)

        // Each picture of the state, until a login was approved.
        client.state.first { state ->
            // The number that the person types on the other screen.
            val status = state.accounts.find { it.id == account }?.status
            if (status is AccountStatus.AwaitingConfirmation) say("Typ dit getal op uw scherm: ${status.checkNumber}")
            // A login: its code is shown, or its number asked for.
            val challenge = state.challenges.find { !it.answered } ?: return@first false
            val content = client.show(challenge.id)
            if (content is ChallengeContent.Code) say("Uw code voor ${challenge.organisation}: ${content.text}")
            if (content != ChallengeContent.Number) return@first false
            val outcome = client.approve(challenge.id, ask("Welk getal staat er op uw scherm?"), prompt)
            say(if (outcome == Outcome.Approved) "Ga terug naar uw browser" else "Dat is niet gelukt")
            true
        }
    } finally {
        online.cancel()
        client.stop()
    }
}

fun main(): Unit = runBlocking {
    fromScratch(Path.of("phone"), say = ::println, ask = { question -> println(question); readln() })
}
