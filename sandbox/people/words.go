package people

// The words that people are made of.

// areas are area codes in use in the United States.
const areas = `480 520 602 623 928 505 575 702 725 775 801 385 435 303 719 720 970 208 406 307 503 541 971 206 253 360 425 509
	209 213 310 323 408 415 510 530 559 562 619 626 650 661 707 714 760 805 818 831 858 909 916 925 949 951
	210 214 254 281 325 361 409 432 469 512 713 806 817 830 903 915 936 940 956 972 979
	201 203 207 212 215 216 217 219 224 225 228 229 231 234 239 240 248 251 252 256 260 262 267 269 270 276
	301 302 304 305 308 309 312 313 314 315 316 317 318 319 320`

// moreAreas are those that follow when all lines of the areas are given out.
const moreAreas = `202 205 218 220 223 227 272 279 321 326 330 331 332 334 336 337 339 341 346 347 351 352 364 380 386 401 402 404 405
	407 410 412 413 414 417 419 423 424 430 434 440 442 443 445 447 448 458 463 464 470 475 478 479 484 501 502 504 507
	508 513 515 516 517 518 531 534 539 540 551 561 563 564 567 570 571 573 574 580 582 585 586 601 603 605 606 607 608
	609 610 612 614 615 616 617 618 620 628 629 630 631 636 640 641 646 651 657 659 660 662 667 669 678 680 681 682 689
	701 703 704 706 708 712 715 716 717 718 724 726 727 731 732 734 737 740 743 747 754 757 762 763 765 769 770 771 772
	773 774 779 781 785 786 802 803 804 808 810 812 813 814 815 816 828 832 838 843 845 847 848 850 854 856 857 859 860
	862 863 864 865 870 872 878 901 904 906 907 908 910 912 913 914 917 918 919 920 929 930 931 934 937 938 941 947 952
	954 959 973 978 980 984 985 986 989`

// formats are the ways in which people type a number of ten digits.
var formats = []func(string) string{
	func(d string) string { return "(" + d[:3] + ") " + d[3:6] + "-" + d[6:] },
	func(d string) string { return d[:3] + "-" + d[3:6] + "-" + d[6:] },
	func(d string) string { return d[:3] + "." + d[3:6] + "." + d[6:] },
	func(d string) string { return d },
	func(d string) string { return "+1 " + d[:3] + " " + d[3:6] + " " + d[6:] },
	func(d string) string { return "1-" + d[:3] + "-" + d[3:6] + "-" + d[6:] },
}

var extensions = []string{" ext 4", " x12", " ext. 310"}

var firstNames = []string{
	"Ann", "José", "Dana", "Marcus", "Priya", "Zoë", "Liam", "Guadalupe", "Noor", "Tomasz", "Grace", "Hiroshi", "Amélie", "Dwayne",
	"Ingrid", "Carlos", "Beatrice", "Kwame", "Sunita", "Patrick", "Mei", "Ronan", "Lucía", "Ahmed", "Chloe", "Viktor", "Naomi", "Søren",
	"Teresa", "Darnell", "Elena", "Joaquín", "Harriet", "Minh", "Olga", "Walter", "Fatima", "Ellis", "Renée", "Booker", "Yuki", "Rosalind",
	"Mary Ann", "J. R.", "Abigail", "Desmond", "Paloma", "Gus", "Ximena", "Theo", "Irene", "Malik", "Siobhán", "Clara", "Otis", "Vera",
}

var lastNames = []string{
	"Lee", "O'Brien", "van der Berg", "Hernández", "Ruiz", "Whitfield", "Nguyễn", "Okafor", "Smith-Jones", "Petrov", "Sandoval", "McAllister",
	"Begay", "Tsosie", "Kowalski", "Patel", "Nakamura", "D'Angelo", "Brooks", "Yazzie", "Larsson", "de la Cruz", "Fitzgerald", "Abbott",
	"Moreno", "Chen", "Hargrove", "Osei", "Castellanos", "Bauer", "Quintero", "Müller", "Ferris", "Dubois", "Ramsey", "Ito", "St. Clair",
	"Valdez", "Carmichael", "Singh", "Thornton", "Escobedo", "Winslow", "Kaplan", "Gallagher", "Ortega", "Peña", "Lindqvist", "Holloway",
	"Baptiste", "Yoon", "Marchetti", "Ashford", "Delgado", "Novak", "Robles", "Sutton", "Iyer", "Crane", "Zimmermann",
}

// plainLetters tells how letters with marks are written in an e-mail address.
var plainLetters = map[rune]string{
	'á': "a", 'é': "e", 'í': "i", 'ó': "o", 'ú': "u", 'ë': "e", 'ü': "ue", 'ö': "oe", 'ø': "o", 'ñ': "n", 'ễ': "e", 'è': "e",
}

var mailHosts = []string{"example.com", "example.com", "example.org"}

var companies = []string{
	"Saguaro Title & Escrow", "Old Pueblo Roofing LLC", "Desert Bloom Interiors", "Catalina Dental Group", "Hernández & Sons Masonry",
	"Rincon Property Management", "Sonoran Solar Co.", "Copper State Movers", "Mesa Verde Accounting, P.C.", "Three Rivers Coffee Roasters",
	"Blue Agave Catering", "Foothills Family Law", "Tortolita Landscape", "Sky Island Outfitters", "Palo Verde Pediatrics",
}

var streets = []string{
	"E Speedway Blvd", "N Campbell Ave", "W Ina Rd", "S Kolb Rd", "E Tanque Verde Rd", "N Oracle Rd", "W Ajo Way", "E Sunrise Dr", "Calle de la Luna",
	"N 4th Ave", "Camino Seco", "E Fort Lowell Rd", "S Houghton Rd", "Paseo del Sol", "W Prince Rd", "E Via Palomita", "N Thornydale Rd",
}

var suites = []string{"Apt 4", "Unit B", "Ste 210", "#12", "Casita"}

// A town is a city with the first three digits of its zip codes.
type town struct{ city, state, zip string }

var towns = []town{
	{"Tucson", "AZ", "857"}, {"Tucson", "AZ", "857"}, {"Tucson", "AZ", "857"}, {"Oro Valley", "AZ", "857"}, {"Marana", "AZ", "856"},
	{"Phoenix", "AZ", "850"}, {"Scottsdale", "AZ", "852"}, {"Tempe", "AZ", "852"}, {"Flagstaff", "AZ", "860"}, {"Las Cruces", "NM", "880"},
}

// statuses are values of Wise Agent's contact status that a real list is full of; the empty one is "none yet".
var statuses = []string{"New", "Attempted", "Contacted", "Active", "Active", "Future Opportunity", "Nurture", "Warm Lead", "Hot Lead", "Closed", ""}

var ranks = []string{"A", "B", "B", "C", "C", "D", "Unranked", "Unranked"}

var sources = []string{"Zillow", "Open House", "Referral", "Website", "Past Client", "Sphere of Influence", "Realtor.com"}

var categories = []string{"Buyer", "Seller", "Past Client", "Sphere", "Open House", "Investor", "Expired Listing", "FSBO", "Newsletter", "Vacation Home"}

// jottings are subjects and texts of notes.
var jottings = [][2]string{
	{"Call", "Left a message, will try again on Thursday after 5."},
	{"Call", "Wants to wait for spring. Lease ends in May."},
	{"Open house", "Came by with two children, liked the kitchen, worried about the school run."},
	{"Valuation", "Sent the comparables. Expects about 420k, the market says 395k."},
	{"Referral", "Knows the Brooks family, they bought with us in 2019."},
	{"Financing", "Pre-approved up to $510,000, lender is fine with a 30-day close."},
	{"Birthday", "Sent a card.\nPrefers texts to calls."},
	{"Showing", "Saw two homes on the east side; the second one is a maybe.\nNext step: look at the disclosures together."},
	{"E-mail", "Asked for the HOA papers & the age of the roof."},
}
