// Package post is a stand-in for what Add to Mojo tells people by: a mail server with the mailboxes of everybody, and the
// receiver of the operator's webhooks.
//
//	p := post.New(post.Config{Secret: "whsec_…"})
//	go p.ServeMail(listener)      // SMTP, no sign-in, no TLS: for loopback alone
//	http.Serve(another, p)        // GET / lists all that came, POST /hook receives webhooks
//	defer p.Close()
//
// It keeps the newest hundred of each, in memory. It can be told to fail, see [Server.FailMail] and [Server.FailHooks].
package post
