package web

import (
	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/static"
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
	e.POST("/add/:launch/mojo", a.signInMojo, form, a.visited, a.ownLaunch)
	e.POST("/add/:launch/wiseagent", a.startConsent, form, a.visited, a.ownLaunch)
	e.GET(bridge.CallbackPath, a.finishConsent, a.visited)
	e.POST("/add/:launch/switch", a.switchMojo, form, a.visited, a.ownLaunch, a.connected)
	e.POST("/add/:launch/keep", a.keepMojo, form, a.visited, a.ownLaunch)
	e.POST("/add/:launch/person", a.goOn, form, a.visited, a.ownLaunch)

	// The group page
	e.GET("/add/:launch/preflight", a.preflight, a.glanced, a.ownLaunch, a.connected)
	e.POST("/add/:launch/groups", a.createGroup, form, a.visited, a.ownLaunch, a.connected)
	e.POST("/add/:launch/push", a.startPush, form, a.visited, a.ownLaunch, a.connected)

	// A push, from its first batch to its results
	e.GET("/push/:push", a.showPush, a.visited, a.ownPush)
	e.GET("/push/:push/events", a.pushEvents, a.glanced, a.ownPush)
	e.GET("/push/:push/land", a.land, a.visited, a.ownPush)
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
}
