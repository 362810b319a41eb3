package web

import (
	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/static"
	"addtomojo/store"
)

const healthPath = "/healthz"

// routes is the table of contents: every address the service answers, and what stands before it.
func (a *app) routes(e *echo.Echo) {
	e.Use(a.logged, recovered, a.headers, a.sameOrigin())

	e.GET(healthPath, a.health)
	e.GET(static.Prefix+"*", echo.WrapHandler(a.static))
	e.GET("/", a.home)
	e.GET(problemPath, a.keptProblem)

	form := limitBody(formLimit)

	// A launch, and the sign-ins it may need
	e.GET("/launch", a.launch, limitBody(launchBodyLimit), a.visited)
	e.POST("/launch", a.launch, limitBody(launchBodyLimit), a.visited)
	e.GET("/add/:launch", a.add, a.visited, a.ownLaunch)
	e.POST("/add/:launch/mojo", a.signInMojo, form, a.visited, a.ownLaunch, a.wanted(store.Mojo))
	e.POST("/add/:launch/wiseagent", a.startConsent, form, a.visited, a.ownLaunch, a.wanted(store.Wise))
	e.GET(bridge.CallbackPath, a.finishConsent, a.visited)
	e.POST("/add/:launch/switch", a.switchMojo, form, a.visited, a.ownLaunch, a.connected)
	e.POST("/add/:launch/keep", a.keepMojo, form, a.visited, a.ownLaunch)
	e.POST("/add/:launch/person", a.goOn, form, a.visited, a.ownLaunch)

	// A reconnect link: a launch without contacts, for the sign-in that a connection needs
	e.GET(bridge.ReconnectPath+":token", a.openReconnect)

	// The group page
	e.GET("/add/:launch/preflight", a.preflight, a.glanced, a.ownLaunch, a.connected)
	e.POST("/add/:launch/groups", a.createGroup, form, a.visited, a.ownLaunch, a.connected)
	e.POST("/add/:launch/push", a.startPush, form, a.visited, a.ownLaunch, a.connected)

	// A push, from its first batch to its results
	e.GET("/push/:push", a.showPush, a.visited, a.ownPush)
	e.GET("/push/:push/events", a.pushEvents, a.orLeave, a.glanced, a.ownPush)
	e.GET("/push/:push/land", a.land, a.visited, a.ownPush)
	e.POST("/push/:push/stop", a.stopPush, form, a.visited, a.ownPush)
	e.POST("/push/:push/retry", a.retryPush, form, a.visited, a.ownPush)
	e.POST("/push/:push/undo", a.undoPush, form, a.visited, a.ownPush)

	// What came from Mojo
	e.GET(activityPath, a.activity, a.visited, a.connected)
	e.GET(activityPath+"/now", a.activity, a.glanced, a.orWhole(activityPath), a.connected)
	e.POST(activityPath+"/:event/retry", a.retryEvent, form, a.visited, a.connected)
	e.POST(activityPath+"/retry", a.retryEvents, form, a.visited, a.connected)
	e.POST(activityPath+"/zone", a.setZone, form, a.visited, a.connected)

	// Mojo itself: no session, no cookies
	e.POST(hookPath, a.hook, limitBody(hookLimit))
	e.GET(apiPath+"/:contact", a.askButton, a.bearer)
	e.POST(apiPath, a.send, limitBody(apiLimit), a.bearer)

	// The account
	e.GET("/pushes", a.pushes, a.visited, a.connected)
	e.GET("/reset", a.askReset, a.visited, a.connected)
	e.POST("/reset", a.reset, form, a.visited, a.connected)
	e.POST("/signout", a.signOut, form, a.glanced)

	a.staffRoutes(e, form)
}

// staffRoutes are the support console's.
func (a *app) staffRoutes(e *echo.Echo, form echo.MiddlewareFunc) {
	// How they get in
	e.GET(supportSignInPath, a.askStaffSignIn)
	e.GET(supportLinkPath+"/:token", a.askStaffLink)
	e.POST(supportLinkPath+"/:token", a.takeStaffLink, form)
	e.GET(supportStartPath, a.startOIDC)
	e.GET(supportCallbackPath, a.finishOIDC)
	e.POST(supportSignOutPath, a.signOutStaff, form)

	// What they look at, and what they do
	looks, acts := a.staff(roleViewer), a.staff(roleOperator)
	e.GET(supportPath, a.showSearch, looks)
	e.POST(supportPath, a.searchAccounts, form, looks)
	e.GET(supportNowPath, a.showNow, looks)
	e.GET(supportPath+"/launches/:launch", a.showLaunch, looks)
	e.GET(supportPath+"/accounts/:account", a.showAccount, looks, a.ofAccount)
	e.POST(supportPath+"/accounts/:account/show", a.liftVeil, form, looks, a.ofAccount)
	e.POST(supportPath+"/accounts/:account/find", a.findContact, form, looks, a.ofAccount)
	e.POST(supportPath+"/accounts/:account/test", a.testNow, form, looks, a.ofAccount)
	e.POST(supportPath+"/accounts/:account/retry", a.retryAll, form, acts, a.ofAccount)
	e.POST(supportPath+"/accounts/:account/events/:event/retry", a.retryOne, form, acts, a.ofAccount)
	e.POST(supportPath+"/accounts/:account/link", a.makeReconnectLink, form, acts, a.ofAccount)
	e.POST(supportPath+"/accounts/:account/sessions", a.endSessions, form, acts, a.ofAccount)
	e.GET(supportAuditPath, a.auditLog, looks)
	e.POST(supportAuditPath, a.filterAudits, form, looks)
}
